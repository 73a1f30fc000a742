// Package pods runs the pods of a node of test/silk: what a kubelet and a container
// runtime do there, as far as networks go. It registers the node, which the simulated
// nodes' kwok leaves alone, makes a network namespace for each pod, and calls the first
// network configuration of the node's folder, as containerd does, with CNI's own
// library. No image is pulled: a pod serves each of its containers' ports with its
// namespace, name and UID. Ready it is then, and done where it isn't to be restarted.
//
// It leaves out volumes, probes, restarts of containers, resources, and images: those
// that test/cluster has faults for run like any other. Programs can stand for images: they are
// run in the pod's network, with the container's arguments, and tell by its termination message.
package pods
