package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestUpgradeAll: a version that breaks one instance in three harms canaries only, and
// the next one reaches all. The command has the documented account's rights, and asks the
// broker as the platform does.
func TestUpgradeAll(t *testing.T) {
	folder := shelf(t, "charts-extras/ledger")
	template := filepath.Join(folder, "ledger", "templates", "all.yaml")
	f := newFoundation(t, folder, nil)
	var small []rig.Instance
	for n := range 6 {
		note := "fits"
		if n%3 == 0 {
			note = "breaks"
		}
		small = append(small, f.create("ledger", "small", map[string]any{"note": note}))
	}
	large := f.create("ledger", "large", nil)
	settings := map[string]string{
		"KUBECONFIG": f.settings["KUBECONFIG"], "BROKER_NAMESPACE": f.settings["BROKER_NAMESPACE"],
		"SECURITY_USER_NAME": rig.Username, "SECURITY_USER_PASSWORD": rig.Password,
	}
	upgrade := func(exit int, args ...string) string {
		t.Helper()
		stdout, stderr := f.operatorIn(settings, exit, append([]string{"upgrade", "--url", f.broker.URL()}, args...)...)
		return stdout + stderr
	}

	raise(t, filepath.Join(folder, "ledger"))
	// The API server refuses the name, which rendering can't know.
	const secret = "apiVersion: v1\nkind: Secret"
	const odd = "{{ if eq .Values.note \"breaks\" }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n{{ end }}\n---\n"
	edit(t, template, secret, odd+secret)
	f.reload()
	before := upgrade(0, "--plan", "small", "--dry-run")
	f.contains(before, "6 instances to upgrade", "6 of ledger, plan small: 1.0.0 → 1.1.0", "would upgrade "+small[0].ID)
	stopped := upgrade(1, "--plan", "small", "--canaries", "5", "--max-in-flight", "1")
	f.contains(stopped, "5 canaries first", "[1/6, ", "s left] canary ", "FAILED: ", "Not_A_Name", "1 failed", "run this again")
	if strings.Contains(stopped, "0 not begun") {
		t.Errorf("all were begun: %s", stopped)
	}
	for n, i := range small {
		d := f.shown(i)
		if n%3 == 0 && d.Version != "1.0.0" {
			t.Errorf("an instance that breaks is at %s", d.Version)
		}
	}

	edit(t, filepath.Join(folder, "ledger", "Chart.yaml"), "1.1.0", "1.2.0")
	edit(t, template, "Not_A_Name", "{{ .Release.Name }}-name")
	f.reload()
	f.contains(upgrade(0, "--max-in-flight", "3"), "7 instances to upgrade, 0 at", "7 upgraded, 0 failed, 0 not begun")
	for _, i := range append(small, large) {
		if d := f.shown(i); d.Version != "1.2.0" {
			t.Errorf("an instance is at %s, its last %s %s: %s", d.Version, d.Operation.Type, d.Operation.State, d.Operation.Description)
		}
	}
	f.contains(upgrade(0), "0 instances to upgrade, 7 at the version")

	// An instance of a plan that was removed keeps no other from its upgrade.
	edit(t, filepath.Join(folder, "ledger", "Chart.yaml"), "1.2.0", "1.3.0")
	edit(t, filepath.Join(folder, "ledger", "plans.yaml"), "- name: large\n  description: Large\n  file: large.yaml\n  allowed_parameters: [note]\n", "")
	f.reload()
	f.contains(upgrade(0, "--max-in-flight", "3"), "6 instances to upgrade, 0 at", "not "+large.ID+" of ledger: its plan isn't offered any more", "6 upgraded, 0 failed")
	f.contains(upgrade(1, "--service", "legder"), "--service legder: the broker doesn't offer that")
}
