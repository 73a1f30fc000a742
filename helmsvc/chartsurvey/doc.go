// Package chartsurvey checks every chart under a folder, each in a process of its
// own within bounds, and makes a table of it: which pass, which need what, which
// fail and why, what apps would get, and what checking took.
//
// What a chart has wrong is chartcheck's to find, and how a process is bounded
// sandbox's.
package chartsurvey
