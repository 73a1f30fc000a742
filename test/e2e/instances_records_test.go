package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestInstancesWithoutBroker looks at records while no broker runs.
func TestInstancesWithoutBroker(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	f.must(f.broker.Stop())
	records, err := record.NewStore(kube, f.settings["BROKER_NAMESPACE"])
	f.must(err)
	f.showsWithoutRights(i)
	f.showsUpdate(records, i)
	f.forgetsHeldUp(records)
	f.refused("its update is running", "forget", i.ID, "--yes")
}

// showsWithoutRights shows what can be read, and what can't.
func (f *foundation) showsWithoutRights(i rig.Instance) {
	f.t.Helper()
	text, _ := f.operatorWith(f.recordsOnly(), 0, "show", i.ID)
	f.contains(text, "create: succeeded", "the namespace can't be read: ", "the release can't be read: ", "the pods can't be read: ", "forbidden")
}

// recordsOnly is the kubeconfig of somebody who may read records and no more.
func (f *foundation) recordsOnly() (path string) {
	f.t.Helper()
	return f.accountIn(f.settings["BROKER_NAMESPACE"], "reader", []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}},
	})
}

// showsUpdate records an update that nobody carries through.
func (f *foundation) showsUpdate(records *record.Store, i rig.Instance) {
	f.t.Helper()
	stored, err := records.LiveInstance(f.t.Context(), i.ID)
	f.must(err)
	stored.Update = &record.Update{PlanID: i.Service.ID + "-wide", Chart: stored.Chart, Parameters: json.RawMessage(`{"marked":"` + markedSecret + `"}`)}
	stored.Operation = record.Operation{ID: uuid.NewString(), Type: record.Modify, State: record.InProgress, Started: time.Now()}
	_, err = records.UpdateInstance(f.t.Context(), stored)
	f.must(err)
	text, _ := f.operator(0, "show", i.ID)
	plain, _ := f.operator(0, "show", i.ID, "--json")
	secret, _ := f.operator(0, "show", i.ID, "--json", "--secrets")
	f.contains(text, "update: in progress, attempt 0", "plan wide, chart fixture 1.0.0", "marked (values: --secrets)")
	f.contains(secret, markedSecret)
	if strings.Contains(text+plain, markedSecret) {
		f.t.Errorf("a secret is shown unasked:\n%s%s", text, plain)
	}
}

// forgetsHeldUp forgets an instance whose own cluster is gone, and a tombstone
// that has outlived another.
func (f *foundation) forgetsHeldUp(records *record.Store) {
	f.t.Helper()
	ctx, app := f.t.Context(), f.app()
	lost := record.Instance{ID: uuid.NewString(), Namespace: "far-away", Release: "k-lost", Cluster: "cluster-of-the-plan"}
	lost.Operation = record.Operation{ID: uuid.NewString(), Type: record.Delete, State: record.InProgress, Started: time.Now(), HeldUp: "no route to host"}
	_, err := records.CreateInstance(ctx, lost)
	f.must(err)
	outlived := uuid.NewString()
	for _, instance := range []string{lost.ID, outlived} {
		_, err := records.CreateBinding(ctx, record.Binding{
			ID: uuid.NewString(), InstanceID: instance, AppGUID: app, State: record.Revoking, Policies: []policy.Policy{policy.To(app, instance, "tcp", 8080)},
		})
		f.must(err)
	}
	text, _ := f.operator(0, "show", lost.ID)
	f.contains(text, "delete: in progress", "no route to host", "cluster-of-the-plan, the plan's own", "revoking, app "+app)
	f.refused("it is held up by: no route to host", "retry", lost.ID)
	for _, instance := range []string{lost.ID, outlived} {
		told, _ := f.operator(0, "forget", "--yes", instance)
		f.contains(told, "to group "+instance+", tcp 8080")
		if left, err := records.LiveBindings(ctx, instance); err != nil || len(left) != 0 {
			f.t.Errorf("after forget %s there are the bindings %+v, %v", instance, left, err)
		}
		f.refused("no such instance", "forget", "--yes", instance)
	}
}
