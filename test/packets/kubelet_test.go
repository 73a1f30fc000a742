package packets

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/kubelet"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/worker"
)

// unschedulable keeps new pods off a node, or no more.
func unschedulable(ctx context.Context, node string, yes bool) error {
	patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, yes)
	_, err := kube.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// TestKubelet goes the article's way with pods that a real kubelet and containerd run:
// denied, bound, answered, unbound, denied; and they are gone with the instance.
func TestKubelet(t *testing.T) {
	f := newFoundation(t, nil)
	if missing := kubelet.Missing(); missing != nil {
		t.Skipf("NO REAL KUBELET IS STARTED: %v", missing)
	}
	w, err := worker.Start(t.Context(), account, worker.Options{
		Node: overlay.Node(kubeletNode), Config: shared.RESTConfig(), Program: program, PluginFolder: overlay.PluginFolder(), Kubeconfig: shared.Kubeconfig(),
	})
	f.must(err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the kubelet's log:\n%s\nthe agent's:\n%s", w.Kubelet.Log(), w.AgentLog())
		}
		f.must(w.Close())
		f.must(kube.CoreV1().Nodes().Delete(context.Background(), kubeletNode, metav1.DeleteOptions{}))
	})
	for _, name := range workerNames {
		f.must(unschedulable(t.Context(), name, true))
		t.Cleanup(func() { f.must(unschedulable(context.Background(), name, false)) })
	}
	f.eventually("the kubelet's node takes pods", func() bool {
		node, err := kube.CoreV1().Nodes().Get(t.Context(), kubeletNode, metav1.GetOptions{})
		return err == nil && len(node.Spec.Taints) == 0
	})

	i, web := f.createOf("pair", "both", map[string]any{"image": kubelet.Image}), f.app()
	page := f.pod(i, "web")
	f.denied(web.Namespace, page, webPort)
	binding := f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, page.Name)
	f.unbind(i, binding)
	f.becomes(web.Namespace, page, webPort, silk.Denied)

	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if o, err := f.Await(t.Context(), i, operation, nil); err != nil || o.State != "gone" {
		t.Errorf("the delete ended as %+v, %v", o, err)
	}
	f.eventually("their networks are down", func() bool {
		containers, err := overlay.Node(kubeletNode).Containers()
		f.must(err)
		begun, err := w.Left()
		f.must(err)
		return len(containers)+len(begun) == 0
	})
}
