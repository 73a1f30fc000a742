// Package cluster runs a Kubernetes cluster on this machine, for tests and for trying things out, with nothing installed
// but Go: no container engine, no virtual machine, no network beyond the Go module proxy.
//
// The control plane is the real one: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, compiled from
// their Go modules (see the folder controlplane) and talking over loopback with TLS, RBAC and the usual admission on.
// The nodes are simulated by kwok: no container runs, no image is pulled, and nothing answers at a pod's address. But what a
// client sees through the API is what it would see in a real cluster. Pods are scheduled, get an address of their own and
// become Ready within a fraction of a second, Jobs complete, claims of the default StorageClass are bound, whatever is
// deleted goes away. The stages that play this are in the folder stages.
//
// # Using it
//
// Start gives a cluster of its own to whoever calls it; several run side by side. It takes about four seconds. Usually a
// package's TestMain starts one and its tests take a namespace each:
//
//	c, err := cluster.Start(ctx, cluster.Options{Log: os.Stderr})
//	...
//	defer c.Stop()
//	client, err := kubernetes.NewForConfig(c.RESTConfig())
//
// The first Start on a machine compiles the control plane, which takes some minutes and is told about on Options.Log.
// The result is kept in the user's cache folder (CacheDirEnv names another) until a version in controlplane changes. Stop
// leaves no process and no file behind. When the process is killed before it can call Stop, its cluster dies with it
// (on Linux), and the next Start removes the files.
//
// RESTConfig and Kubeconfig have every right. To see what a broker may do with its own rights only, make its ServiceAccount,
// ask for a token (TokenRequest) and use that.
//
// # Making things go wrong
//
// A pod's fault is chosen by its image, so that it gets through any chart by the chart's own values: ImageNeverReady,
// ImagePullError, ImageCrash. A pod that asks for more than a node has (1000 CPUs, 4 TiB) stays Pending as unschedulable.
// StopNode and StartNode, RestartPod (same pod, new address), StopAPIServer and StartAPIServer do what they say.
//
// # What differs from a real cluster
//
// Nothing gives a LoadBalancer Service an address, and there is no DNS, no proxy for Services and no NetworkPolicy, since
// there is no traffic. A volume is an object without a disk behind it. Logs, exec and port-forward don't work. Components
// are allowed more requests at a time than by default, so that a load test measures its subject. Deleting a namespace takes
// its usual time, 5 s when empty and two or three times that with pods and claims in it: kube-controller-manager has
// that pause built in.
package cluster
