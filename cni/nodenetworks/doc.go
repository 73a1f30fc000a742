// Package nodenetworks asks Kubernetes which networks it has given the node for its
// pods, on a clock of its own: whoever wants to know waits for no API server. What is
// wrong with them is cni/guard's to say.
package nodenetworks
