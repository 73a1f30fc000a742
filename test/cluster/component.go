package cluster

import "strconv"

// The limits that a component puts on itself are raised or lifted here, so that a load test measures its subject.
const (
	syncs  = "50"   // objects of a kind that a controller works on at once
	qps    = "2000" // requests a second of a component
	bursts = "4000"
)

func (c *Cluster) etcdArgs() []string {
	client, peer := "http://"+c.etcdPort.hostPort(), "http://"+c.etcdPeerPort.hostPort()
	return []string{
		"--name=local",
		"--data-dir=" + c.folder.file("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=local=" + peer,
		"--socket-reuse-port=true",
		"--unsafe-no-fsync=true",
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs() []string {
	return []string{
		"--etcd-servers=http://" + c.etcdPort.hostPort(),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + c.apiPort.String(),
		"--permit-port-sharing=true",
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.254.0.0/16",
		"--allow-privileged=true",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--client-ca-file=" + c.folder.file("ca.crt"),
		"--tls-cert-file=" + c.folder.file("server.crt"),
		"--tls-private-key-file=" + c.folder.file("server.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.folder.file("service-account.key"),
		"--service-account-signing-key-file=" + c.folder.file("service-account.key"),
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=0",
		"--max-mutating-requests-inflight=0",
		"--profiling=false",
	}
}

func (c *Cluster) controllerManagerArgs() []string {
	args := []string{
		"--kubeconfig=" + c.folder.file("kube-controller-manager.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--kube-api-qps=" + qps,
		"--kube-api-burst=" + bursts,
		"--root-ca-file=" + c.folder.file("ca.crt"),
		"--service-account-private-key-file=" + c.folder.file("service-account.key"),
		// StopNode says itself that a node is gone. Time alone must not, however busy the machine is.
		"--node-monitor-period=1s",
		"--node-monitor-grace-period=24h",
	}
	for _, controller := range []string{
		"deployment", "statefulset", "daemonset", "replicaset", "job", "endpoint", "service-endpoint",
		"namespace", "gc", "resource-quota", "serviceaccount-token",
	} {
		args = append(args, "--concurrent-"+controller+"-syncs="+syncs)
	}
	return args
}

func (c *Cluster) schedulerArgs() []string {
	return []string{
		"--kubeconfig=" + c.folder.file("kube-scheduler.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--kube-api-qps=" + qps,
		"--kube-api-burst=" + bursts,
	}
}

func (c *Cluster) kwokArgs() []string {
	return []string{
		"--kubeconfig=" + c.folder.file("kwok.kubeconfig"),
		"--config=" + c.folder.file("kwok.yaml"),
		"--cidr=" + c.options.PodCIDR,
		"--manage-nodes-with-label-selector=" + kubeletLabel + "=" + kubeletRuns,
		"--node-lease-duration-seconds=" + strconv.Itoa(leaseSeconds),
	}
}
