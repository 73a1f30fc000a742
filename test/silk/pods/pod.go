package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/containernetworking/cni/libcni"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// pod is one that lives on the node.
type pod struct {
	runner    *Runner
	object    *corev1.Pod
	namespace silk.Namespace
	container string // the sandbox's id
	// network is the configuration that it was made with, nil before.
	network *libcni.NetworkConfigList
	ports   []io.Closer
	// programs ends those that run, nil if there are none, and ending waits for that.
	programs context.CancelFunc
	ending   sync.WaitGroup

	ended chan struct{}
	once  sync.Once
}

func newPod(r *Runner, object *corev1.Pod) *pod {
	container := uuid.NewString()
	return &pod{runner: r, object: object, container: container, ended: make(chan struct{}), namespace: r.Node.NewNamespace("pod-" + container)}
}

// end has the pod end soon.
func (p *pod) end() { p.once.Do(func() { close(p.ended) }) }

// retry is the time between two tries of the same, as a kubelet's first ones.
const retry = 500 * time.Millisecond

// live is the pod's life on the node, until it was ended, or ctx has. It tries what
// fails again.
func (p *pod) live(ctx context.Context) {
	for !p.over(ctx) {
		err := p.start(ctx)
		if err == nil {
			break
		}
		p.tell(ctx, "FailedCreatePodSandBox", fmt.Sprintf("Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox %q: %v", p.container, err))
		p.wait(ctx, retry)
	}
	if p.object.Spec.RestartPolicy == corev1.RestartPolicyAlways || p.runner.runs(p.object) {
		p.wait(ctx, 0)
	}
	for {
		err := p.stop(context.WithoutCancel(ctx))
		if err == nil {
			break
		}
		p.tell(context.WithoutCancel(ctx), "FailedKillPod", fmt.Sprintf("error killing pod: failed to \"KillPodSandbox\": %v", err))
		if ctx.Err() != nil {
			return // the overlay takes its namespace away
		}
		time.Sleep(retry)
	}
	p.wait(ctx, 0)
	p.remove(ctx)
}

func (p *pod) over(ctx context.Context) bool {
	select {
	case <-p.ended:
		return true
	default:
		return ctx.Err() != nil
	}
}

// wait waits until the pod is ended, or so long; 0: as long as that takes.
func (p *pod) wait(ctx context.Context, most time.Duration) {
	var late <-chan time.Time
	if most > 0 {
		late = time.After(most)
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
	case <-late:
	}
}

// start makes the pod's network, serves its ports and says that it is Ready. What was
// made before it failed is down again.
func (p *pod) start(ctx context.Context) error {
	address := p.runner.Node.Address
	if !p.object.Spec.HostNetwork {
		var err error
		if address, err = p.connect(ctx); err != nil {
			return errors.Join(err, p.stop(ctx))
		}
	}
	if err := p.serve(); err != nil {
		return errors.Join(err, p.stop(ctx))
	}
	if err := p.ready(ctx, address); err != nil {
		return err
	}
	if err := p.runAll(ctx); err != nil {
		return errors.Join(err, p.stop(ctx))
	}
	return nil
}

func (p *pod) connect(ctx context.Context) (netip.Addr, error) {
	network, err := p.runner.configuration()
	if err != nil {
		return netip.Addr{}, err
	}
	if err := p.namespace.Make(); err != nil {
		return netip.Addr{}, err
	}
	p.network = network
	var address netip.Addr
	err = p.runner.Node.Do(func() error {
		result, err := p.runner.cni.AddNetworkList(ctx, network, p.runtime())
		if err != nil {
			return err
		}
		now, err := current.NewResultFromResult(result)
		if err != nil || len(now.IPs) == 0 {
			return fmt.Errorf("the plugins' result has no address: %w", err)
		}
		address, _ = netip.AddrFromSlice(now.IPs[0].Address.IP.To4())
		return nil
	})
	return address, err
}

// configuration is the first of the node's folder.
func (r *Runner) configuration() (*libcni.NetworkConfigList, error) {
	files, err := libcni.ConfFiles(r.ConfDir, []string{".conflist"})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("cni plugin not initialized: no network config found in %s", r.ConfDir)
	}
	return libcni.ConfListFromFile(files[0])
}

// runtime is what container runtimes tell plugins of a pod.
func (p *pod) runtime() *libcni.RuntimeConf {
	return &libcni.RuntimeConf{
		ContainerID: p.container, NetNS: p.namespace.Path(), IfName: "eth0",
		Args: [][2]string{
			{"IgnoreUnknown", "1"},
			{"K8S_POD_NAMESPACE", p.object.Namespace},
			{"K8S_POD_NAME", p.object.Name},
			{"K8S_POD_INFRA_CONTAINER_ID", p.container},
			{"K8S_POD_UID", string(p.object.UID)},
		},
		CapabilityArgs: map[string]any{"io.kubernetes.cri.pod-annotations": p.object.Annotations},
	}
}

// serve serves the ports of all containers.
func (p *pod) serve() error {
	if p.object.Spec.HostNetwork {
		return nil
	}
	for _, container := range p.object.Spec.Containers {
		for _, port := range container.Ports {
			if port.Protocol == corev1.ProtocolSCTP {
				continue
			}
			serving, err := p.serveOne(port)
			if err != nil {
				return err
			}
			p.ports = append(p.ports, serving)
		}
	}
	return nil
}

func (p *pod) serveOne(port corev1.ContainerPort) (io.Closer, error) {
	who := Says(p.object)
	if port.Protocol == corev1.ProtocolUDP {
		return p.namespace.ServeUDP(int(port.ContainerPort), who)
	}
	return p.namespace.Serve(int(port.ContainerPort), who)
}

// Says is what a pod answers.
func Says(pod *corev1.Pod) string {
	return pod.Namespace + "/" + pod.Name + " " + string(pod.UID)
}

// stop takes the network down, if there is one.
func (p *pod) stop(ctx context.Context) error {
	for _, port := range p.ports {
		_ = port.Close()
	}
	p.ports = nil
	if p.programs != nil {
		p.programs()
		p.ending.Wait()
	}
	if p.network != nil {
		err := p.runner.Node.Do(func() error { return p.runner.cni.DelNetworkList(ctx, p.network, p.runtime()) })
		if err != nil {
			return err
		}
		p.network = nil
	}
	return p.namespace.Remove()
}
