package packets

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// TestBind is the article's: denied, bound, answered, unbound, denied.
func TestBind(t *testing.T) {
	f := newFoundation(t, nil)
	i, web := f.create(), f.app()
	page, db := f.pod(i, "web"), f.pod(i, "db")
	f.denied(web.Namespace, page, webPort)
	f.denied(web.Namespace, db, dbPort)

	binding := f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	f.becomes(web.Namespace, db, dbPort, pods.Says(db)) // its node polls for itself
	f.denied(web.Namespace, page, dbPort)

	f.unbind(i, binding)
	f.becomes(web.Namespace, page, webPort, silk.Denied)
	f.becomes(web.Namespace, db, dbPort, silk.Denied)

	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if o, err := f.Await(t.Context(), i, operation, nil); err != nil || o.State != "gone" {
		t.Errorf("the delete ended as %+v, %v", o, err)
	}
	for _, name := range workerNames {
		f.nothingLeft(name)
	}
}

// TestSoon: an app whose cell knows it as a source reaches a pod within a second after
// the bind, and no more after the unbind, though policy agents poll every 5 s. The
// workers' agents see the broker's mark and have them poll.
func TestSoon(t *testing.T) {
	f := newFoundation(t, nil)
	i, web := f.create(), f.app()
	f.must(stand.AddPolicies(cf.NewPolicy(web.GUID, uuid.NewString(), "tcp", 1, 1)))
	f.cellPolls()
	page := f.pod(i, "web")
	var worst time.Duration
	for range 5 {
		binding := f.bind(i, web)
		worst = max(worst, f.becomes(web.Namespace, page, webPort, pods.Says(page)))
		f.unbind(i, binding)
		worst = max(worst, f.becomes(web.Namespace, page, webPort, silk.Denied))
	}
	t.Logf("the longest of 10 took %s", worst)
	if worst > time.Second {
		t.Errorf("it took %s, want a second at most", worst)
	}
}

// TestOpenAtOnce: where binds wait for nodes, an app whose cell knows it as a source is
// let to all workers by the time that the bind is answered: it asks once.
func TestOpenAtOnce(t *testing.T) {
	f := newFoundation(t, map[string]string{"BIND_WAITS_FOR_NODES": "5s"})
	i, web := f.create(), f.app()
	f.must(stand.AddPolicies(cf.NewPolicy(web.GUID, uuid.NewString(), "tcp", 1, 1)))
	f.cellPolls()
	page, db := f.pod(i, "web"), f.pod(i, "db")
	var longest, all time.Duration
	const times = 20
	for range times {
		f.denied(web.Namespace, page, webPort)
		begun := time.Now()
		binding := f.bind(i, web)
		took := time.Since(begun)
		f.allowed(web.Namespace, page, webPort)
		f.allowed(web.Namespace, db, dbPort)
		longest, all = max(longest, took), all+took
		f.unbind(i, binding)
		f.becomes(web.Namespace, page, webPort, silk.Denied)
		f.becomes(web.Namespace, db, dbPort, silk.Denied)
	}
	t.Logf("%d binds took %s on average and %s at most", times, all/times, longest)
}

// TestTwoApps: each has its own access.
func TestTwoApps(t *testing.T) {
	f := newFoundation(t, nil)
	i, web, jobs := f.create(), f.app(), f.app()
	page := f.pod(i, "web")
	first := f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	f.denied(jobs.Namespace, page, webPort)

	second := f.bind(i, jobs)
	f.cellPolls()
	f.becomes(jobs.Namespace, page, webPort, pods.Says(page))
	f.unbind(i, first)
	f.becomes(web.Namespace, page, webPort, silk.Denied)
	f.allowed(jobs.Namespace, page, webPort)
	f.unbind(i, second)
	f.becomes(jobs.Namespace, page, webPort, silk.Denied)
}

// TestTwoBindings of one app: access lasts until the last of them.
func TestTwoBindings(t *testing.T) {
	f := newFoundation(t, nil)
	i, web := f.create(), f.app()
	page := f.pod(i, "web")
	first, second := f.bind(i, web), f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	f.unbind(i, first)
	f.must(overlay.Node(page.Spec.NodeName).PollNow(t.Context()))
	f.allowed(web.Namespace, page, webPort)
	f.unbind(i, second)
	f.becomes(web.Namespace, page, webPort, silk.Denied)
}
