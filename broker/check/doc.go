// Package check looks, before and after an installation, whether what the broker needs is
// there: the cluster, its account's rights and what confines them, Cloud Foundry, NATS,
// and charts. It changes nothing: what it tries it tries as a dry run. But for Network, which
// makes two pods, sends packets and removes them. How the answers are shown is left to the
// command.
package check
