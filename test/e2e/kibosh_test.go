package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const kiboshCharts = "charts-kibosh"

// TestKiboshCharts walks charts in the shapes that were published for Kibosh
// and its successor through their lives, unchanged.
func TestKiboshCharts(t *testing.T) {
	for name, c := range map[string]struct {
		service, plan, from string
		pod                 string // part of the name of the pod that apps are led to
		port                int
		others              []int // ports of other Services
		fields              map[string]string
	}{
		"leading local, load balancer's ip, plan with the release's name": {
			service: "orders", plan: "small", pod: "-orders-small-", port: 3306,
			fields: map[string]string{
				"password": "root-password-of-the-chart", "name": "db",
				"uri":     "mysql://root:root-password-of-the-chart@HOST:3306/db",
				"jdbcUrl": "jdbc:mysql://HOST/db?user=root&password=root-password-of-the-chart",
			}},
		"plan with a helper": {
			service: "orders", plan: "medium", pod: "-orders-medium-", port: 3306,
			fields: map[string]string{"username": "root"}},
		"plans.yml, second Service, load balancer's hostname, labels": {
			service: "queue", plan: "standard", pod: "-broker", port: 5672, others: []int{15672},
			fields: map[string]string{"app": "broker", "chart": "queue-1.1.9", "password": "queue-password-of-the-chart"}},
		"tsmgr in the chart, NodePort": {
			service: "bucket", plan: "small", pod: "-bucket", port: 9001,
			fields: map[string]string{"accessKey": "key-of-RELEASE"}},
		"tsmgr beside the chart, ingresses": {
			service: "cache", plan: "large", pod: "-cache", port: 11211,
			fields: map[string]string{"size": "1024", "ingresses": "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, kiboshCharts, nil)
			i := f.instance(c.service, c.plan)
			f.wantKiboshIDs(i)
			f.ready(i, f.want(202)(f.Provision(t.Context(), i, nil)).Operation())

			app, binding := f.app(), uuid.NewString()
			var body struct{ Credentials map[string]any }
			f.must(f.want(201)(f.Bind(t.Context(), i, binding, app)).Decode(&body))
			got := body.Credentials
			host, found := got["host"].(string)
			if !found {
				host, _ = got["hostname"].(string)
			}
			release := f.wantOverlayPod(i, host, c.pod)
			if fmt.Sprint(got["port"]) != fmt.Sprint(c.port) {
				t.Errorf("the port is %v, want %d", got["port"], c.port)
			}
			for field, want := range c.fields {
				want = strings.NewReplacer("HOST", host, "RELEASE", release).Replace(want)
				if fmt.Sprint(got[field]) != want {
					t.Errorf("%s is %v, want %s", field, got[field], want)
				}
			}
			var opened []cf.Policy
			for _, port := range append(c.others, c.port) {
				opened = append(opened, cf.NewPolicy(app, i.ID, "tcp", port, port))
			}
			f.wantPolicies(opened...)
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()
			f.delete(i)
		})
	}
}

// TestKiboshSubcharts makes an instance of a chart of Helm 2 with
// requirements.yaml, and without plans and bind template.
func TestKiboshSubcharts(t *testing.T) {
	folder := shelf(t, kiboshCharts+"/site")
	f := newFoundation(t, folder, map[string]string{"PARAMETERS": "any"})
	i := f.create("site", "default", nil)
	f.wantKiboshIDs(i)
	if i.Plan.Description != "Plan with default values" {
		t.Errorf("the plan is %+v", i.Plan)
	}
	var body struct{ Credentials credentials }
	app, binding := f.app(), uuid.NewString()
	f.must(f.want(201)(f.Bind(t.Context(), i, binding, app)).Decode(&body))
	got := body.Credentials
	if len(got.Secrets) != 1 || got.Secrets[0].Data["password"] != "set-by-the-parent" {
		t.Errorf("of two subcharts one is enabled, with the parent's values; the Secrets are %v", got.Secrets)
	}
	if len(got.Endpoints) != 1 || got.Endpoints[0].Port != 8080 {
		t.Fatalf("the endpoints are %+v", got.Endpoints)
	}
	f.wantOverlayPod(i, got.Endpoints[0].Host, "-site-")
	f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 8080, 8080))
	f.want(200)(f.Unbind(t.Context(), i, binding))

	// A subchart can be enabled by a parameter, later, too.
	f.update(i, map[string]any{"parameters": map[string]any{"search": map[string]any{"enabled": true}}})
	f.must(f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), "")).Decode(&body))
	if len(body.Credentials.Secrets) != 2 {
		t.Errorf("with both subcharts enabled the Secrets are %v", body.Credentials.Secrets)
	}
	f.keepsParameters(i, folder)
	f.delete(i)
}

// keepsParameters: an instance from when a plan without a list took any parameters has
// them on, takes no others, and can be upgraded and bound to.
func (f *foundation) keepsParameters(i rig.Instance, folder string) {
	f.t.Helper()
	f.restart(map[string]string{"PARAMETERS": "listed"})
	parameters := map[string]any{"search": map[string]any{"enabled": true}}
	f.want(200)(f.Provision(f.t.Context(), i, parameters))
	for _, answer := range []rig.Answer{
		f.want(400)(f.Update(f.t.Context(), i, map[string]any{"parameters": map[string]any{"search": map[string]any{"enabled": false}}})),
		f.want(400)(f.Provision(f.t.Context(), f.instance("site", "default"), parameters)),
	} {
		if words := `the plan default takes no parameters, leave out "search"; whoever runs the broker lists those`; !strings.Contains(answer.Description(), words) {
			f.t.Errorf("refused with %s", answer.Body)
		}
	}
	edit(f.t, filepath.Join(folder, "site", "Chart.yaml"), "version: 3.2.1", "version: 3.2.2")
	f.reload()
	f.update(i, map[string]any{"maintenance_info": map[string]any{"version": "3.2.2"}})
	var body struct{ Credentials credentials }
	f.must(f.want(201)(f.Bind(f.t.Context(), i, uuid.NewString(), "")).Decode(&body))
	if len(body.Credentials.Secrets) != 2 {
		f.t.Errorf("after the upgrade the Secrets are %v, want those of both subcharts", body.Credentials.Secrets)
	}
}

// TestKiboshImages offers a chart with image archives of their usual size, of
// which .helmignore says nothing: Kibosh wrote that line itself.
func TestKiboshImages(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(kiboshCharts)); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, filepath.Join(folder, "orders"), map[string]string{
		".helmignore": ".git\n", "images/orders.tgz": strings.Repeat("x", 6<<20),
	})
	f := newFoundation(t, folder, nil)
	if reason := f.leftOutOfReadiness()[filepath.Join(folder, "orders")]; reason != "" {
		t.Errorf("the chart is left out: %s", reason)
	}
	if _, _, err := f.catalog.Find("orders", "small"); err != nil {
		t.Error(err)
	}
}
