// Package identity asks Kubernetes where a pod of this node belongs. The rule is
// podgroup's. Pods are known from a watch of this node's and else read live;
// namespaces are always read live, so that nothing is believed that isn't so any
// more. It reads metadata only.
package identity
