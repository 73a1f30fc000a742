package e2e

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// findings are those of a check, by their subject.
type findings map[string]check.Finding

// check runs `broker check` with the running broker's settings, and others beside them.
func (f *foundation) check(exit int, others map[string]string) findings {
	f.t.Helper()
	settings := maps.Clone(f.settings)
	settings["SECURITY_USER_NAME"], settings["SECURITY_USER_PASSWORD"] = rig.Username, rig.Password
	maps.Copy(settings, others)
	stdout, _ := f.command(exit, settings, "check", "--json")
	found := findings{}
	for decoder := json.NewDecoder(strings.NewReader(stdout)); decoder.More(); {
		var one check.Finding
		f.must(decoder.Decode(&one))
		found[one.Subject] = one
	}
	return found
}

// of are the subjects of a state, in their order.
func (f findings) of(state check.State) (subjects []string) {
	for _, subject := range slices.Sorted(maps.Keys(f)) {
		if f[subject].State == state {
			subjects = append(subjects, subject)
		}
	}
	return subjects
}

// TestCheck: with the documented account nothing fails, and what a wrong setting or a
// missing right breaks is named, that alone.
func TestCheck(t *testing.T) {
	f := newFoundation(t, sampleCharts, map[string]string{"CF_BROKER_URL": "", "BIND_WAITS_FOR_NODES": "0s"})
	f.eventually("a replica leads", func() bool { return f.check(0, nil)["records"].State == check.OK })
	found := f.check(0, nil)
	// The local cluster has no DNS.
	if got := found.of(check.Warning); !slices.Equal(got, []string{"cluster DNS"}) {
		t.Errorf("there are warnings of %v", got)
	}
	if got := found.of(check.Unknown); !slices.Equal(got, []string{"network", "storage"}) {
		t.Errorf("unknown are %v", got)
	}
	for _, subject := range []string{"Kubernetes version", "clock of Kubernetes", "rights", "confinement", "one more record", "namespaces", "CF API and UAA", "clock of Cloud Foundry", "policy server", "charts"} {
		if found[subject].State != check.OK {
			t.Errorf("%s: %+v", subject, found[subject])
		}
	}
	for name, c := range map[string]struct {
		settings map[string]string
		failed   []string
	}{
		"an administrator":  {map[string]string{"KUBECONFIG": shared.Kubeconfig()}, []string{"confinement"}},
		"a wrong secret":    {map[string]string{"CF_CLIENT_SECRET": uuid.NewString()}, []string{"CF API and UAA", "policy server"}},
		"a wrong namespace": {map[string]string{"BROKER_NAMESPACE": "nowhere"}, []string{"one more record", "records", "rights"}},
		"no charts":         {map[string]string{"HELM_CHART_DIR": t.TempDir()}, []string{"charts"}},
		"nodes' agents":     {map[string]string{"BIND_WAITS_FOR_NODES": "1s"}, []string{"Silk agents", "rights"}},
		"another network":   {map[string]string{"ENFORCE": "securitygroup"}, []string{"CF API and UAA"}},
	} {
		if got := f.check(1, c.settings).of(check.Failed); !slices.Equal(got, c.failed) {
			t.Errorf("%s: %v failed, want %v", name, got, c.failed)
		}
	}
	nobody, err := rig.ServiceAccount(t.Context(), shared.RESTConfig(), "default", "default")
	f.must(err)
	kubeconfig := filepath.Join(t.TempDir(), "nobody")
	f.must(nobody.Kubeconfig(kubeconfig))
	if got := f.check(1, map[string]string{"KUBECONFIG": kubeconfig}).of(check.Failed); !slices.Equal(got, []string{"namespaces", "one more record", "rights"}) {
		t.Errorf("without rights %v failed", got)
	}
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError})
	defer f.cf.Clear()
	if got := f.check(1, nil).of(check.Failed); !slices.Equal(got, []string{"policy server"}) {
		t.Errorf("with a policy server that fails, %v failed", got)
	}
	f.cf.Clear()
	f.full()
	if got := f.check(1, nil).of(check.Failed); !slices.Equal(got, []string{"one more record"}) {
		t.Errorf("with a quota that is used up, %v failed", got)
	}
}

// full has a quota leave no room for one more record.
func (f *foundation) full() {
	f.t.Helper()
	quotas := kube.CoreV1().ResourceQuotas(f.settings["BROKER_NAMESPACE"])
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceSecrets: resource.MustParse("0")}}}
	_, err := quotas.Create(f.t.Context(), quota, metav1.CreateOptions{})
	f.must(err)
	f.eventually("the quota counts", func() bool {
		counted, err := quotas.Get(f.t.Context(), quota.Name, metav1.GetOptions{})
		f.must(err)
		return len(counted.Status.Hard) > 0
	})
}
