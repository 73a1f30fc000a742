// Package delegate runs the CNI plugin that does the work, within a deadline and
// in a process group of its own, and says in words why it couldn't. Which plugin
// that is, and what it is told, is cni/plugin's business.
package delegate
