package helmsvc_test

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// saying is a chart with one ConfigMap, or one that Kubernetes refuses.
func saying(text string) chart.Rendered {
	if text == "broken" {
		return chart.Rendered{Chart: chartOf("c", map[string]string{"c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: [no map]\n"})}
	}
	return chart.Rendered{Chart: chartOf("c", map[string]string{"c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {text: " + text + "}\n"})}
}

func (p *place) said(t *testing.T) string {
	t.Helper()
	c, err := clients.CoreV1().ConfigMaps(p.ns.Name).Get(t.Context(), "c", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Data["text"]
}

// TestRollbackAfterCrash goes back to what was before an update, not to what
// the update had deployed before its process died.
func TestRollbackAfterCrash(t *testing.T) {
	p := newPlace(t)
	if err := p.Install(t.Context(), p.target, saying("old"), nil); err != nil {
		t.Fatal(err)
	}
	before, err := p.Revision(t.Context(), p.target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, saying("new"), nil); err != nil {
		t.Fatal(err)
	}
	// The process died before it was recorded; the next one begins again.
	if err := p.Upgrade(t.Context(), p.target, saying("broken"), nil); err == nil {
		t.Fatal("a broken upgrade went well")
	}
	for range 2 {
		if err := p.Rollback(t.Context(), p.target, before); err != nil {
			t.Fatal(err)
		}
		if got := p.said(t); got != "old" {
			t.Errorf("after going back the chart says %q", got)
		}
	}
}

// TestNoneDeployed: processes have died between taking one revision's mark off
// and giving it to another. The release can be changed again, from what it was.
func TestNoneDeployed(t *testing.T) {
	p := newPlace(t)
	if err := p.Install(t.Context(), p.target, saying("old"), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, saying("new"), nil); err != nil {
		t.Fatal(err)
	}
	p.mark(1, release.StatusSuperseded)
	p.mark(2, release.StatusPendingUpgrade)
	if before, err := p.Revision(t.Context(), p.target); before != 1 || err != nil {
		t.Errorf("after an upgrade that was cut off: revision %d, %v", before, err)
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	p.mark(2, release.StatusSuperseded)
	p.mark(3, release.StatusPendingRollback)
	if before, err := p.Revision(t.Context(), p.target); before != 3 || err != nil {
		t.Errorf("after a rollback that was cut off: revision %d, %v", before, err)
	}
	if err := p.Upgrade(t.Context(), p.target, saying("broken"), nil); err == nil {
		t.Fatal("a broken upgrade went well")
	}
	if before, err := p.Revision(t.Context(), p.target); before != 3 || err != nil {
		t.Errorf("after a rollback and an upgrade that were cut off: revision %d, %v", before, err)
	}
	if err := p.Rollback(t.Context(), p.target, 3); err != nil || p.said(t) != "old" {
		t.Errorf("it can't go back: %v", err)
	}
	if err := p.Upgrade(t.Context(), p.target, saying("newer"), nil); err != nil || p.said(t) != "newer" {
		t.Errorf("it can't be upgraded: %v", err)
	}
}

// mark gives a revision a status, as a process that dies leaves it.
func (p *place) mark(revision int, status release.Status) {
	p.t.Helper()
	secrets := driver.NewSecrets(clients.CoreV1().Secrets(p.target.Namespace))
	secrets.Log = func(string, ...any) {}
	releases := storage.Init(secrets)
	r, err := releases.Get(p.target.Release, revision)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Info.Status = status
	if err := releases.Update(r); err != nil {
		p.t.Fatal(err)
	}
}

// TestConverge installs once, upgrades for another chart only, and goes back
// where that fails.
func TestConverge(t *testing.T) {
	const one, two, three = "sha256:1111111111111111111111111111111111111111", "sha256:2222222222222222222222222222222222222222", "sha256:3333333333333333333333333333333333333333"
	p := newPlace(t)
	if err := p.Converge(t.Context(), t.Context(), p.target, saying("broken"), three); err == nil {
		t.Fatal("a broken install went well")
	}
	for _, step := range []struct {
		text, digest, want string
		fails              bool
		revisions          int
	}{
		{"first", one, "first", false, 2},
		{"not looked at", one, "first", false, 2},
		{"second", two, "second", false, 3},
		{"broken", three, "second", true, 5},
		{"second", two, "second", false, 5},
	} {
		err := p.Converge(t.Context(), t.Context(), p.target, saying(step.text), step.digest)
		if (err != nil) != step.fails {
			t.Fatalf("%s: %v", step.text, err)
		}
		if got := p.said(t); got != step.want || len(p.releases()) != step.revisions {
			t.Errorf("%s: the chart says %q in %d revisions, want %q in %d", step.text, got, len(p.releases()), step.want, step.revisions)
		}
	}
}
