// Package nodefacts reads what there is to know of a node for cni/guard to judge:
// its rules, kube-proxy's and the kubelet's settings, command lines, and the folder
// of network configurations. It changes nothing, and judges nothing.
package nodefacts
