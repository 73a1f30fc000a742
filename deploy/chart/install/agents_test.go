package install_test

import (
	"context"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestAgents installs the chart of Silk workers' agents: one runs on each node that is
// labelled.
func TestAgents(t *testing.T) {
	const agents = podgroup.AgentsNamespace
	if err := rig.Apply(t.Context(), config, "silk-worker/namespace.yaml"); err != nil {
		t.Fatal(err)
	}
	label := []byte(`{"metadata": {"labels": {"cf-helm-broker.io/silk-worker": "true"}}}`)
	nodes := must(kube.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}))(t)
	must(kube.CoreV1().Nodes().Patch(t.Context(), nodes.Items[0].Name, types.MergePatchType, label, metav1.PatchOptions{}))(t)

	configuration := helm(t, agents)
	install := action.NewInstall(configuration)
	install.ReleaseName, install.Namespace, install.Wait, install.Timeout = agents, agents, true, patience
	must(install.RunWithContext(t.Context(), must(loader.LoadDir("../../silk-worker/chart"))(t), nil))(t)
	// Helm takes a DaemonSet whose controller hasn't counted its nodes yet for one of none.
	ready := func(ctx context.Context) (bool, error) {
		set, err := kube.AppsV1().DaemonSets(agents).Get(ctx, agents, metav1.GetOptions{})
		return err == nil && set.Status.NumberReady == 1, err
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, patience, true, ready); err != nil {
		t.Errorf("not one agent is ready: %v", err)
	}
	must(action.NewUninstall(configuration).Run(agents))(t)
}
