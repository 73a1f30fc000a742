package e2e

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestRequests: what a user waits for takes no more requests to the API server than
// these. Each of them is milliseconds of the answer, and a place in the API server's queue.
func TestRequests(t *testing.T) {
	f, counter := newCounted(t, map[string]string{"POLICY_RESYNC": "1h"})
	app := f.app()
	// What is looked up at the first time only, and what rounds look at afterwards, is of
	// an instance of its own.
	first, firstBinding := f.create("fixture", "plain", nil), uuid.NewString()
	f.want(http.StatusCreated)(f.Bind(t.Context(), first, firstBinding, app))
	f.want(http.StatusOK)(f.Unbind(t.Context(), first, firstBinding))
	asks := func(what string, most int, do func()) {
		t.Helper()
		mark, begun := counter.Mark(), time.Now()
		do()
		progress := int(time.Since(begun).Seconds()) // told once a second, of what takes longer
		asked := slices.DeleteFunc(counter.Since(mark), func(r requests.Request) bool {
			if r.What == "PUT secrets" && strings.Contains(r.Path, "/secrets/instance.") && progress > 0 {
				progress--
				return true
			}
			return strings.Contains(r.Path, first.ID) || strings.Contains(r.Path, f.namespace(first)) || ofAll(r)
		})
		// After a record is gone a round looks once more whether it owes anything.
		if gone := slices.IndexFunc(asked, func(r requests.Request) bool { return r.What == "DELETE secrets" }); gone >= 0 {
			asked = asked[:gone+1]
		}
		if len(asked) <= most {
			return
		}
		t.Errorf("%s takes %d requests to the API server, want %d at most:", what, len(asked), most)
		for _, r := range asked {
			t.Logf("  %-30s %s", r.What, r.Path)
		}
	}
	var i rig.Instance
	asks("a create", 16, func() { i = f.create("fixture", "plain", nil) })
	binding := uuid.NewString()
	asks("a bind", 6, func() { f.want(http.StatusCreated)(f.Bind(t.Context(), i, binding, app)) })
	asks("an unbind", 4, func() { f.want(http.StatusOK)(f.Unbind(t.Context(), i, binding)) })
}

// ofAll is whether the request asks what the cluster serves, which is remembered for a
// while for all instances.
func ofAll(r requests.Request) bool {
	return slices.Contains([]string{"/version", "/api", "/apis"}, r.Path)
}

// newCounted is newFoundation with a broker whose requests to the API server are
// counted.
func newCounted(t *testing.T, settings map[string]string) (*foundation, *requests.Counter) {
	t.Helper()
	f := newFoundation(t, "charts", settings)
	counter, err := requests.New(f.account.Config())
	f.must(err)
	t.Cleanup(counter.Close)
	f.must(f.broker.Stop())
	f.settings["KUBECONFIG"] = filepath.Join(t.TempDir(), "counted.kubeconfig")
	f.must(counter.WriteKubeconfig(f.settings["KUBECONFIG"]))
	f.start()
	f.eventually("it leads", func() bool { return leads(f.broker) })
	return f, counter
}
