package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// orphansElsewhere: the clusters of plans are looked at too, also of those that are gone, and
// one that doesn't answer is told of and hides nothing of the others.
func orphansElsewhere(t *testing.T, there elsewhere) {
	folder := shelf(t, "charts/fixture")
	kubeconfig := kubeconfigOf(t, there.Cluster)
	offerElsewhere(t, folder, kubeconfig)
	f := newFoundation(t, folder, map[string]string{"CF_BROKER_REGISTER": "false", "CF_BROKER_NAME": "helm"})
	f.registerHelm()
	i, plan := f.create("fixture", "remote", nil), f.cf.ServicePlans()[0].GUID
	f.cf.PutServiceInstance(i.ID, plan)
	f.wantOrphans(0)

	nobodys, others := f.makeNamespace(there.kube, uuid.NewString()), f.cf.AddServiceInstance("another broker's")
	f.makeNamespace(there.kube, others)
	server := there.RESTConfig().Host
	cures := f.wantOrphans(1, "namespace "+nobodys.Name+" on "+server)
	offerElsewhere(t, folder, nil) // what is left of the plan came with the instance's chart
	f.wantOrphans(1, "namespace "+nobodys.Name+" on "+server)
	f.cureOn(there.Cluster, cures["namespace "+nobodys.Name+" on "+server])

	const nowhere = "https://127.0.0.1:1"
	for name, text := range map[string]string{
		"plans/remote.kubeconfig": strings.ReplaceAll(string(kubeconfig), server, nowhere),
		"plans.yaml":              "- {name: remote, file: plain.yaml, allowed_parameters: [number], credentials: remote.kubeconfig}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, "fixture", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lost := f.makeNamespace(kube, uuid.NewString())
	cures = f.wantOrphans(1, "unknown", "namespace "+lost.Name)
	f.contains(f.runOrphans(1), "unknown: namespaces on "+nowhere+": ")
	f.cure(cures["namespace "+lost.Name])
}
