package e2e

import (
	"cmp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestReasonsAreTold has charts go wrong where the status of no pod says why;
// whoever polls the create reads one sentence that does.
func TestReasonsAreTold(t *testing.T) {
	for with, c := range map[string]struct{ limit, want string }{
		"quota":  {"15s", `not ready in time: 0 of 1 pods ready; StatefulSet db: create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: cf-helm-broker`},
		"volume": {"15s", `; PersistentVolumeClaim data-db-0: storageclass.storage.k8s.io "none" not found`},
		"probe":  {"15s", "pod db-0: not ready: containers with unready status: [main]; Readiness probe failed: dial tcp "},
		"hook":   {"2m", "a hook failed: Job prepare failed (BackoffLimitExceeded: Job has reached the specified backoff limit): pod prepare-"},
	} {
		t.Run(with, func(t *testing.T) {
			f := newFoundation(t, "charts-reasons", map[string]string{"OPERATION_TIMEOUT": c.limit})
			i := f.instance("trouble", cmp.Or(map[string]string{"quota": "full"}[with], "default"))
			operation := f.want(202)(f.Provision(t.Context(), i, map[string]any{"with": with})).Operation()
			if o := f.ended(i, operation); o.State != "failed" || !strings.Contains(o.Description, c.want) {
				t.Errorf("the create ended as %q: %s", o.State, o.Description)
			}
			f.timeLimit(patience) // a delete waits for the namespace
			f.delete(i)
		})
	}
}

// TestReasonOfUpdate says why an update failed; the instance serves as before.
func TestReasonOfUpdate(t *testing.T) {
	f := newFoundation(t, "charts-reasons", nil)
	i := f.create("trouble", "default", nil)
	operation := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"with": "hook"}})).Operation()
	o := f.ended(i, operation)
	for _, words := range []string{"a hook failed: Job prepare failed", "container once exited with code 1", "the service instance is as it was before"} {
		if o.State != "failed" || !strings.Contains(o.Description, words) {
			t.Errorf("the update ended as %q without the words %q: %s", o.State, words, o.Description)
		}
	}
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
}

// TestUpdateToNoPod is refused with its apps still served: a bind would say "try
// again" for ever.
func TestUpdateToNoPod(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	operation := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"replicas": 0}})).Operation()
	if o := f.ended(i, operation); o.State != "failed" || !strings.Contains(o.Description, "is asked for 0 replicas") || !strings.Contains(o.Description, "as it was before") {
		t.Errorf("the update ended as %+v", o)
	}
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
}
