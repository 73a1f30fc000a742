// Package dataplane is what the plugin and the policy agent of test/silk have in
// common: what a node knows of its containers, the addresses of its lease, and the
// texts of iptables-restore. It runs no command.
package dataplane
