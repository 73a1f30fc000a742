package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// orphans runs `broker orphans` with the broker's account and CF client, and returns the
// kinds and ids of what it finds, in their order.
func (f *foundation) orphans(exit int) (found []string) {
	f.t.Helper()
	var told struct {
		Orphans []struct{ Kind, ID string }
		Unknown []string
	}
	f.must(json.Unmarshal([]byte(f.runOrphans(exit, "--json")), &told))
	for _, o := range told.Orphans {
		found = append(found, o.Kind+" "+o.ID)
	}
	for range told.Unknown {
		found = append(found, "unknown")
	}
	slices.Sort(found)
	return found
}

func (f *foundation) runOrphans(exit int, args ...string) string {
	f.t.Helper()
	stdout, _ := f.command(exit, f.settings, append([]string{"orphans", "--age", "0s"}, args...)...)
	return stdout
}

// TestOrphans: a foundation, records and a cluster that agree have none, and what one of
// them has lost is found, that alone.
func TestOrphans(t *testing.T) {
	f := newFoundation(t, sampleCharts, map[string]string{"CF_BROKER_REGISTER": "false", "CF_BROKER_NAME": "helm", "POLICY_DESTINATION": "instance"})
	r := f.registrar(f.cf.Client())
	r.settings["CF_BROKER_NAME"] = "helm"
	r.run(0, "register")
	i := f.create("redis", "cache", nil)
	app, bound := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, bound, app))
	plan := f.cf.ServicePlans()[0].GUID
	f.cf.PutServiceInstance(i.ID, plan)
	f.cf.PutServiceBinding(bound, i.ID)
	wantOrphans := func(exit int, want ...string) {
		t.Helper()
		slices.Sort(want)
		if got := f.orphans(exit); !slices.Equal(got, want) {
			t.Errorf("found are %q, want %q", got, want)
		}
	}
	wantOrphans(0)
	f.cf.DeleteServiceBinding(bound)
	wantOrphans(1, "service binding "+bound)
	f.cf.PutServiceBinding(bound, i.ID)
	f.cf.DeleteServiceInstance(i.ID)
	// Bindings are listed by their instances' plans.
	wantOrphans(1, "service instance "+i.ID, "service binding "+bound)
	f.cf.PutServiceInstance(i.ID, plan)
	lost := f.cf.AddServiceInstance(plan)
	lostBinding := uuid.NewString()
	f.cf.PutServiceBinding(lostBinding, lost)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: f.settings["NAMESPACE_PREFIX"] + "-" + lost[:8], Annotations: map[string]string{tenant.InstanceAnnotation: lost},
	}}
	_, err := kube.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{})
	f.must(err)
	f.must(f.cf.AddPolicies(cf.NewPolicy(app, i.ID, "tcp", 4444, 4444), cf.NewPolicy(app, uuid.NewString(), "tcp", 80, 80)))
	group := securitygroup.NamesTo(lost) + f.cf.Space()
	f.cf.PutSecurityGroup(cf.SecurityGroup{Name: group})
	f.cf.PutSecurityGroup(cf.SecurityGroup{Name: securitygroup.NamesTo(i.ID) + f.cf.Space()})
	wantOrphans(1, "security group "+group, "service instance "+lost, "service binding "+lostBinding, "namespace "+namespace.Name, "policy "+app+" → "+i.ID+" tcp/4444-4444")
	f.contains(f.runOrphans(1), "service instance "+lost+": Cloud Foundry has it", "5 orphans, 0 parts couldn't be looked at")
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError})
	wantOrphans(1, "security group "+group, "service instance "+lost, "service binding "+lostBinding, "namespace "+namespace.Name, "unknown")
	f.cf.Clear()
	f.must(kube.CoreV1().Namespaces().Delete(t.Context(), namespace.Name, metav1.DeleteOptions{}))
}
