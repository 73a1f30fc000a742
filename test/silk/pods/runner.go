package pods

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/invoke"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// Options say whose pods are run, and how their networks are made.
type Options struct {
	Node *silk.Node
	// Kube is a client with a kubelet's rights.
	Kube kubernetes.Interface
	// ConfDir has network configurations, of which the first by name counts, and
	// BinDirs have plugins.
	ConfDir string
	BinDirs []string
	// Programs are the files of programs that stand for images; pods whose images they all are
	// run them.
	Programs map[string]string
	// CacheDir is a folder of the runner's own.
	CacheDir string
}

// Runner runs a node's pods.
type Runner struct {
	Options
	cni    *libcni.CNIConfig
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex // guards what follows
	pods map[types.UID]*pod
}

// Start registers the node and runs its pods until Close.
func Start(ctx context.Context, options Options) (*Runner, error) {
	// As libcni's own, which it would make when it is first called: pods call at once.
	exec := &invoke.DefaultExec{RawExec: &invoke.RawExec{Stderr: os.Stderr}}
	r := &Runner{
		Options: options, pods: map[types.UID]*pod{},
		cni: libcni.NewCNIConfigWithCacheDir(options.BinDirs, options.CacheDir, exec),
	}
	if err := r.register(ctx); err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	watch := cache.NewListWatchFromClient(r.Kube.CoreV1().RESTClient(), "pods", metav1.NamespaceAll, fields.OneTermEqualSelector("spec.nodeName", r.Node.Name))
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: watch, ObjectType: &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { r.see(running, object.(*corev1.Pod)) },
			UpdateFunc: func(_, object any) { r.see(running, object.(*corev1.Pod)) },
			DeleteFunc: func(object any) {
				if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
					object = gone.Obj
				}
				r.end(object.(*corev1.Pod).UID)
			},
		},
	})
	r.done.Go(func() { informer.RunWithContext(running) })
	return r, nil
}

// Close takes all pods' networks down. The pods stay in Kubernetes, as those of a node
// that has lost its power.
func (r *Runner) Close() {
	r.cancel()
	r.done.Wait()
}

// see starts a pod that is new, and ends one that is to be deleted.
func (r *Runner) see(ctx context.Context, object *corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, running := r.pods[object.UID]
	switch {
	case object.DeletionTimestamp != nil && running:
		known.end()
	case !running:
		p := newPod(r, object)
		r.pods[object.UID] = p
		if object.DeletionTimestamp != nil {
			p.end() // there may be something of it from before
		}
		r.done.Go(func() {
			p.live(ctx)
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.pods, object.UID)
		})
	}
}

func (r *Runner) end(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.pods[uid]; p != nil {
		p.end()
	}
}

// Namespace is a running pod's network namespace, which connections can be made from.
func (r *Runner) Namespace(uid types.UID) (silk.Namespace, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pods[uid]
	if p == nil {
		return "", fmt.Errorf("pod %s isn't on node %s", uid, r.Node.Name)
	}
	return p.namespace, nil
}

// Names are the pods that there is something of on the node, as namespace/name.
func (r *Runner) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, p := range r.pods {
		all = append(all, p.object.Namespace+"/"+p.object.Name)
	}
	slices.Sort(all)
	return all
}
