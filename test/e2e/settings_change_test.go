package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// restart starts the broker anew with other settings.
func (f *foundation) restart(settings map[string]string) {
	f.t.Helper()
	f.must(f.broker.Stop())
	maps.Copy(f.settings, settings)
	f.start()
	f.fetchCatalog()
}

// sharedService is one of SHARED_DESTINATIONS. Its pod is made by sharedPod.
func sharedService(name, namespace, group string) string {
	return fmt.Sprintf(`{"name": %q, "namespace": %q, "selector": {"app": "shared-%s"}, "group": %q, "ports": [514]}`, name, namespace, name, group)
}

// TestSettingsTakenBack: what an instance and a binding open is what settings
// and plans say now, also of those from before, and also while CF's policy API
// doesn't answer at first.
func TestSettingsTakenBack(t *testing.T) {
	const namespace, planGroup = "settings-test-shared", "6f0c2f6e-2f0b-4d4e-9d7e-3c5a8f0b1d2e"
	logs, traces, oldDNS, newDNS := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	folder := shelf(t, accessCharts+"/pair")
	plans := filepath.Join(folder, "pair", "plans.yaml")
	edit(t, plans, "namespace: access-test-shared", "namespace: "+namespace)
	f := newFoundation(t, folder, map[string]string{
		"POLICY_RESYNC": "500ms", "POLICY_WITHIN_INSTANCE": "true", "POLICY_DNS_GROUP": oldDNS,
		"SHARED_DESTINATIONS": "[" + sharedService("logs", namespace, logs) + "]",
	})
	makeNamespace(t, namespace)
	f.sharedPod(namespace, "shared-dns")
	f.sharedPod(namespace, "shared-logs")
	one, other := f.create("pair", "dns", nil), f.create("pair", "both", nil)
	app, second := f.app(), f.app()
	f.want(201)(f.Bind(t.Context(), one, uuid.NewString(), app))
	f.want(201)(f.Bind(t.Context(), other, uuid.NewString(), app))
	f.want(201)(f.Bind(t.Context(), other, uuid.NewString(), second))
	f.want(201)(f.Bind(t.Context(), other, uuid.NewString(), "")) // a service key
	own := func(dnsGroup string, instances ...string) (policies []cf.Policy) {
		for _, i := range instances {
			policies = append(policies, all(i, i)...)
			if dnsGroup != "" {
				policies = append(policies, dns(i, dnsGroup)...)
			}
		}
		return policies
	}
	reach := func(app, instance string) []cf.Policy {
		return []cf.Policy{cf.NewPolicy(app, instance, "tcp", 8080, 8080), cf.NewPolicy(app, instance, "tcp", 5432, 5432)}
	}
	bound := slices.Concat(reach(app, one.ID), reach(app, other.ID), reach(second, other.ID))
	shared := func(group string) []cf.Policy {
		return []cf.Policy{cf.NewPolicy(app, group, "tcp", 514, 514), cf.NewPolicy(second, group, "tcp", 514, 514)}
	}
	become := func(what string, want ...[]cf.Policy) {
		t.Helper()
		f.eventually(what, func() bool { return f.samePolicies(slices.Concat(want...)) })
	}
	plan := dns(app, planGroup)
	become("all is open", bound, own(oldDNS, one.ID, other.ID), shared(logs), plan)

	// The one setting is changed, others are taken back; CF is away meanwhile.
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Down, Times: 5})
	f.restart(map[string]string{"POLICY_DNS_GROUP": newDNS, "SHARED_DESTINATIONS": "[" + sharedService("traces", namespace, traces) + "]"})
	become("the old groups are closed, the new ones open", bound, own(newDNS, one.ID, other.ID), shared(traces), plan)
	f.restart(map[string]string{"POLICY_WITHIN_INSTANCE": "false", "POLICY_DNS_GROUP": "", "SHARED_DESTINATIONS": ""})
	become("only what bindings and the plan want is open", bound, plan)

	// A plan is a setting, too: no update is needed.
	edit(t, plans, "  destinations:\n    - name: dns\n      namespace: "+namespace+"\n      selector: {app: shared-dns}\n      group: "+planGroup+"\n      ports: [\"53/udp\", \"53/tcp\"]\n", "")
	f.reload()
	become("the plan's destination is closed", bound)

	// And what is wanted again is open again, also for those that never had it.
	third := f.create("pair", "both", nil)
	f.restart(map[string]string{"POLICY_WITHIN_INSTANCE": "true", "SHARED_DESTINATIONS": "[" + sharedService("logs", namespace, logs) + "]"})
	become("the new settings hold", bound, own("", one.ID, other.ID, third.ID), shared(logs))
	f.delete(third)
	f.delete(other)
	become("one instance's binding is left", reach(app, one.ID), own("", one.ID), shared(logs)[:1])
	f.delete(one)
	f.wantPolicies()
}

// TestReplicasDisagree: while settings differ between replicas, the leading
// one's count, also for what another has just opened.
func TestReplicasDisagree(t *testing.T) {
	const namespace = "settings-test-replicas"
	logs, traces := uuid.NewString(), uuid.NewString()
	f := newFoundation(t, accessCharts, map[string]string{
		"POLICY_RESYNC": "200ms", "SHARED_DESTINATIONS": "[" + sharedService("logs", namespace, logs) + "]",
	})
	makeNamespace(t, namespace)
	f.sharedPod(namespace, "shared-logs")
	f.sharedPod(namespace, "shared-traces")
	i := f.create("pair", "both", nil)
	other := *f
	other.settings = maps.Clone(f.settings)
	other.settings["SHARED_DESTINATIONS"] = "[" + sharedService("traces", namespace, traces) + "]"
	other.start()
	app := f.app()
	f.want(201)(other.Bind(t.Context(), i, uuid.NewString(), app))
	leaders := []cf.Policy{cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "tcp", 5432, 5432), cf.NewPolicy(app, logs, "tcp", 514, 514)}
	f.eventually("the leader's settings hold", func() bool { return f.samePolicies(leaders) })
	f.must(f.broker.Stop())
	leaders[2] = cf.NewPolicy(app, traces, "tcp", 514, 514)
	other.eventually("the next leader's settings hold", func() bool { return f.samePolicies(leaders) })
	other.delete(i)
	f.wantPolicies()
}

// TestPlaceholderOutlivesItsSetting deletes an instance's placeholder app, and
// closes its policies, after POLICY_DESTINATION was changed.
func TestPlaceholderOutlivesItsSetting(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_DESTINATION": "app", "CF_ORG": "demo", "CF_SPACE": "dev", "POLICY_RESYNC": "500ms"})
	i := f.create("pair", "both", nil)
	group := f.cf.Apps()[0].GUID
	f.restart(map[string]string{"POLICY_DESTINATION": "instance", "CF_ORG": "", "CF_SPACE": ""})
	app := f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.wantPolicies(cf.NewPolicy(app, group, "tcp", 8080, 8080), cf.NewPolicy(app, group, "tcp", 5432, 5432))
	other := f.create("pair", "both", nil)
	f.wantGroup(other, other.ID)
	f.delete(i)
	f.wantPolicies()
	if apps := f.cf.Apps(); len(apps) != 1 || apps[0].GUID != app {
		t.Errorf("apps %+v are left, want the bound one alone", apps)
	}
	f.delete(other)
}

// TestPlaceholderMadeAgain: somebody deletes an instance's placeholder app. Its
// pods stay in the old group, those made later are in the new app's, and apps
// reach both.
func TestPlaceholderMadeAgain(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{
		"POLICY_DESTINATION": "app", "CF_ORG": "demo", "CF_SPACE": "dev", "POLICY_RESYNC": "500ms", "POLICY_WITHIN_INSTANCE": "true",
	})
	i := f.create("pair", "both", nil)
	old := f.cf.Apps()[0].GUID
	app, second := f.app(), f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.cf.DeleteApp(old)
	var group string
	f.eventually("the app is made again", func() bool {
		for _, a := range f.cf.Apps() {
			if a.Annotations["cf-helm-broker.io/service-instance"] == i.ID {
				group = a.GUID
			}
		}
		return group != ""
	})
	reach := func(apps ...string) (policies []cf.Policy) {
		for _, from := range []string{old, group} {
			policies = append(policies, slices.Concat(all(from, old), all(from, group))...)
			for _, a := range apps {
				policies = append(policies, cf.NewPolicy(a, from, "tcp", 8080, 8080), cf.NewPolicy(a, from, "tcp", 5432, 5432))
			}
		}
		return policies
	}
	f.eventually("both groups are open", func() bool { return f.samePolicies(reach(app)) })
	f.wantGroup(i, group)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), second))
	f.eventually("a later bind opens both", func() bool { return f.samePolicies(reach(app, second)) })
	shown, _ := f.operator(0, "show", i.ID)
	f.contains(shown, group+" (app)", "pods from before may be in "+old)
	f.delete(i)
	f.wantPolicies()
	if apps := f.cf.Apps(); len(apps) != 2 {
		t.Errorf("apps %+v are left, want the bound ones alone", apps)
	}
}
