// Package kubelet runs a real kubelet and a real containerd on a node of test/silk, in
// namespaces of mounts and processes that end with this process: what they mount, start
// and write to /run, /var/lib and /var/log is gone with them, and the machine's kernel
// settings stay as they are. Containers' cgroups are removed by Close, and those of a
// process that was killed by the next Start. The kubelet is built from Kubernetes' module, containerd
// and runc are Debian's. Containers run one image, made here of the program who; none
// is pulled.
package kubelet
