package install_test

import (
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

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
	if ready := must(kube.AppsV1().DaemonSets(agents).Get(t.Context(), agents, metav1.GetOptions{}))(t).Status.NumberReady; ready != 1 {
		t.Errorf("%d agents are ready, want 1", ready)
	}
	must(action.NewUninstall(configuration).Run(agents))(t)
}
