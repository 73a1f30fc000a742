// Package install puts the plugin's program and network configuration where the
// node's container runtime finds them, the configuration last, and takes both away
// again. Each appears whole or not at all. When it is safe to is the agent's
// business.
package install
