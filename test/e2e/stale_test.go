package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// wantStale waits until so many bindings are known to hold addresses that are gone.
func (f *foundation) wantStale(count int) {
	f.t.Helper()
	f.eventually(fmt.Sprintf("%d bindings are stale", count), func() bool {
		return strings.Contains(f.metrics(), fmt.Sprintf("cf_helm_broker_bindings_stale %d\n", count))
	})
}

// movePods updates the instance so that it has other pods for its web server, and
// returns what the update says.
func (f *foundation) movePods(i rig.Instance, port int) (said string) {
	f.t.Helper()
	change := map[string]any{"parameters": map[string]any{"webPort": port}}
	o := f.ended(i, f.want(202)(f.Update(f.t.Context(), i, change)).Operation())
	if o.State != "succeeded" {
		f.t.Fatalf("the update ended as %q: %s", o.State, o.Description)
	}
	return o.Description
}

// TestUpdateTellsOfStaleBindings: an update that replaces pods says how many bindings
// have to be made again, also where it would have been answered at once; so do the log,
// the metric and `broker instances show`.
func TestUpdateTellsOfStaleBindings(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_RESYNC": "200ms"})
	i := f.create("pair", "both", nil)
	if said := f.movePods(i, 8081); said != "" {
		t.Errorf("an update of an instance without bindings says %q", said)
	}
	bindings := map[string]string{uuid.NewString(): f.app(), uuid.NewString(): f.app(), uuid.NewString(): ""}
	for binding, app := range bindings {
		f.want(201)(f.Bind(t.Context(), i, binding, app))
	}
	const apps = "2 bindings hold addresses of pods that are gone: bind the apps again and restage them"
	const key = "1 service key holds addresses of pods that are gone: make it again"
	if said := f.movePods(i, 8082); said != apps+"; "+key {
		t.Errorf("the update says %q", said)
	}
	f.wantStale(3)
	shown, _ := f.operator(0, "show", i.ID)
	f.contains(shown, apps, key)
	for binding := range bindings {
		f.eventually("the log tells of the binding", func() bool {
			return slices.ContainsFunc(strings.Split(f.broker.Log(), "\n"), func(line string) bool {
				return strings.Contains(line, "access.stale") && strings.Contains(line, binding)
			})
		})
	}

	f.restart(map[string]string{"SYNC_WAIT": "25s"})
	for binding, app := range bindings {
		f.want(200)(f.Unbind(t.Context(), i, binding))
		if app == "" {
			f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
		}
	}
	f.wantStale(0)
	if said := f.movePods(i, 8083); said != "1 binding holds addresses of pods that are gone: bind the app again and restage it" {
		t.Errorf("the update says %q", said)
	}
	f.delete(i)
}
