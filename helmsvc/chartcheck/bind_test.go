package chartcheck_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

// TestWhatTemplatesSee reads what a template could of a real instance, by
// putting it into keys: values aren't reported.
func TestWhatTemplatesSee(t *testing.T) {
	for name, c := range map[string]struct{ change, expression, want string }{
		"address":             {"", "$.services[0].spec.clusterIP", "10.255.0.1"},
		"load balancer":       {"LoadBalancer", "$.services[0].status.loadBalancer.ingress[0].ip", "10.255.0.1"},
		"target port":         {"", "'' + $.services[0].spec.ports[0].port", "5432"},
		"Kubernetes' Service": {"", "$.rawServices[0].spec.clusterIP + ':' + $.rawServices[0].spec.ports[0].port", "10.96.0.1:80"},
		"every pod":           {"", "std.join(',', [e.host + ':' + e.port for e in $.endpoints])", "10.255.0.1:5432,10.255.0.2:5432,10.255.0.3:5432"},
		"every address":       {"", "std.join(',', $.hosts) + '/' + $.services[0].endpoints[0].port + '/' + std.join(',', $.services[0].hosts)", "10.255.0.1,10.255.0.2,10.255.0.3/5432/10.255.0.1,10.255.0.2,10.255.0.3"},
		"values":              {"", "'' + $.values.replicas + $.values.type", "3ClusterIP"},
		"folded secret":       {"", "$.secrets[0].data.password", "s3cr3t"},
		"defaults":            {"", "$.rawServices[0].spec.ports[0].protocol", "TCP"},
		"release":             {"", "$.release.chart + $.release.chart_version + $.instance.plan", "db1.2.3large"},
		"Helm's label":        {"", "$.services[0].metadata.labels['app.kubernetes.io/managed-by']", "Helm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := files{"bind.yaml": "template: |\n  {x: {[" + c.expression + "]: 1}}", "plans.yaml": "- {name: large, file: large.yaml}"}
			if c.change != "" {
				change["values.yaml"] = "replicas: 1\ntype: " + c.change
			}
			report := check(t, good().and(change).write(t))
			fields := report.Charts[0].Plans[0].Credentials
			if len(fields) != 1 || fields[0].Path != "x."+c.want && fields[0].Path != `x["`+c.want+`"]` {
				t.Errorf("reported\n%s", text(t, report))
			}
		})
	}
}

func TestWithoutBindTemplate(t *testing.T) {
	report := check(t, good().and(files{"bind.yaml": "absent"}).write(t))
	want := []chartcheck.Field{
		{Path: "endpoints[].host", Type: "string"}, {Path: "endpoints[].name", Type: "string"},
		{Path: "endpoints[].port", Type: "number"}, {Path: "endpoints[].protocol", Type: "string"},
		{Path: "hosts[]", Type: "string"},
		{Path: "pods[].ip", Type: "string"}, {Path: "pods[].name", Type: "string"},
		{Path: "pods[].ports[].name", Type: "string"}, {Path: "pods[].ports[].port", Type: "number"},
		{Path: "pods[].ports[].protocol", Type: "string"}, {Path: "pods[].ready", Type: "boolean"},
		{Path: "secrets[].binary", Type: "empty list"}, {Path: "secrets[].data.password", Type: "string"},
		{Path: "secrets[].labels", Type: "labels"}, {Path: "secrets[].name", Type: "string"}, {Path: "secrets[].type", Type: "string"},
		{Path: "services[]", Type: "whole Service"},
	}
	if got := report.Charts[0].Plans[0].Credentials; !slices.Equal(got, want) {
		t.Errorf("credentials %v, want %v", got, want)
	}
}

// TestSecretsOfOtherTypes are seen behind the Opaque ones, and values that aren't
// text are told apart, with a template and without.
func TestSecretsOfOtherTypes(t *testing.T) {
	chart := files{
		"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/basic-auth\ndata: {store: /v7tAAEC}\nstringData: {username: u}\n",
		"templates/b.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\ntype: kubernetes.io/dockercfg\ndata: {.dockercfg: e30=}\n",
		"bind.yaml":        "template: |\n  {key: $.secrets[1].data.store, bytes: std.base64DecodeBytes($.rawSecrets[1].data.store), user: $.secrets[1].data.username,\n   n: std.length($.secrets), other: $.secrets[0].type + $.secrets[0].data.password}",
	}
	for name, c := range map[string]struct {
		files files
		want  []chartcheck.Field
	}{
		"template": {chart, []chartcheck.Field{
			{Path: "bytes[]", Type: "number"}, {Path: "key", Type: "base64"}, {Path: "n", Type: "number"}, {Path: "other", Type: "string"}, {Path: "user", Type: "string"},
		}},
		"without": {files{"bind.yaml": "absent"}, []chartcheck.Field{
			{Path: "secrets[].data.password", Type: "string"}, {Path: "secrets[].data.store", Type: "base64"}, {Path: "secrets[].data.username", Type: "string"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			report := check(t, good().and(chart).and(c.files).write(t))
			got := slices.DeleteFunc(slices.Clone(report.Charts[0].Plans[0].Credentials), func(f chartcheck.Field) bool {
				return name == "without" && !strings.HasPrefix(f.Path, "secrets[].data")
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("reported %v, want %v\n%s", got, c.want, text(t, report))
			}
		})
	}
}

func TestNotBindable(t *testing.T) {
	report := check(t, good().and(files{"plans.yaml": "- {name: small, file: small.yaml, bindable: false}", "bind.yaml": "template: '{a: $.nothing}'"}).write(t))
	if plan := report.Charts[0].Plans[0]; len(plan.Mistakes) != 0 || plan.Credentials != nil || plan.Ports != nil {
		t.Errorf("reported\n%s", text(t, report))
	}
}

// TestOperatorsChart: what a template reads may come from a controller.
func TestOperatorsChart(t *testing.T) {
	report := check(t, files{
		"Chart.yaml":       "apiVersion: v2\nname: db\nversion: 1.2.3\n",
		"bind.yaml":        "template: '{a: $.services[0].spec.clusterIP}'",
		"templates/x.yaml": "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: x}\n",
	}.write(t))
	if _, mistakes, warnings := report.Count(); mistakes != 0 || warnings != 3 {
		t.Errorf("reported\n%s", text(t, report))
	}
}

// TestNarrowedPorts reports what the plan lets bind open, and no more.
func TestNarrowedPorts(t *testing.T) {
	for name, c := range map[string]struct {
		ports          string
		open, warnings int
	}{
		"all":   {"", 1, 0},
		"its":   {", ports: [5432]", 1, 0},
		"other": {", ports: [5433, 5432/udp]", 0, 1},
	} {
		report := check(t, good().and(files{"plans.yaml": "- {name: large, file: large.yaml" + c.ports + "}"}).write(t))
		plan := report.Charts[0].Plans[0]
		if len(plan.Ports) != c.open || len(plan.Warnings) != c.warnings || len(plan.Mistakes) != 0 {
			t.Errorf("%s: reported\n%s", name, text(t, report))
		}
	}
}
