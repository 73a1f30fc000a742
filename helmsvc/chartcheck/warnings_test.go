package chartcheck_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

const probed = "readinessProbe: {tcpSocket: {port: 80}}"

func pod(spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: " + spec
}

// deploymentWith is a Deployment with an annotation of its pods.
func deploymentWith(annotation string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {selector: {matchLabels: {x: x}}, template: {metadata: {labels: {x: x}, annotations: {" + annotation + "}}, spec: {containers: [{name: c, " + probed + "}]}}}\n"
}

// TestParametersThatAreRead: none of these is warned of, though values.yaml has none of them.
func TestParametersThatAreRead(t *testing.T) {
	for name, where := range map[string]files{
		"in a template":      {"templates/x.yaml": "{{ $x := default 1 .Values.shards }}"},
		"below a value":      {"values.yaml": "replicas: 1\ntype: ClusterIP\nshards: {size: 1}\n"},
		"a subchart's":       {"charts/shards/Chart.yaml": "apiVersion: v2\nname: shards\nversion: 1.0.0\n"},
		"a condition":        {"Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.2.3\ndependencies: [{name: sub, version: 1.0.0, condition: 'sub.on,shards.on'}]\n", "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"},
		"by index":           {"templates/x.yaml": "{{ $x := index .Values \"shards\" }}"},
		"in the schema":      {"values.schema.json": `{"type": "object", "properties": {"shards": {"type": "integer"}}}`},
		"in a bind template": {"bind.yaml": "template: '{shards: std.toString($.parameters) + std.toString(std.get({}, \"shards\", 1))}'"},
		"in a subchart":      {"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/x.yaml": "{{ $x := .Values.global.shards }}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := check(t, good().and(files{"plans.yaml": "- {name: small, file: small.yaml, allowed_parameters: [shards.number]}\n"}).and(where).write(t)).Charts[0].Plans[0]
			if len(plan.Mistakes)+len(plan.Warnings) != 0 {
				t.Errorf("the mistakes %q, the warnings %q", plan.Mistakes, plan.Warnings)
			}
		})
	}
}

// TestHarmlessWhereGenerated: none of this is warned of, since it is kept or does no harm.
func TestHarmlessWhereGenerated(t *testing.T) {
	for name, text := range map[string]string{
		"a Secret":          "{{ $p := uuidv4 }}apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {p: '{{ $p }}'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {uri: 'a:{{ $p }}@b'}\n",
		"a checksum":        deploymentWith("checksum/secret: {{ uuidv4 | quote }}"),
		"a hash":            deploymentWith("config: {{ uuidv4 | sha256sum | quote }}"),
		"an annotation":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {at: '{{ uuidv4 }}'}}\n",
		"a Job's name":      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: 'x-{{ uuidv4 }}'}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}}\n",
		"what a plan keeps": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {text: '{{ .Values.told }}'}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := good().and(files{"plans.yaml": "- {name: small, file: small.yaml}", "plans/small.yaml": "told: {{ generated \"told\" 24 }}", "templates/x.yaml": text}).write(t)
			plan := check(t, folder).Charts[0].Plans[0]
			if len(plan.Mistakes)+len(plan.Warnings) != 0 {
				t.Errorf("the mistakes %q, the warnings %q", plan.Mistakes, plan.Warnings)
			}
		})
	}
}

// TestWarnings has one warning in each chart, and no mistake.
func TestWarnings(t *testing.T) {
	service := func(spec string) files {
		return files{"templates/x.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: " + spec}
	}
	object := func(version, kind string) files {
		return files{"templates/x.yaml": "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: x}\n"}
	}
	for name, c := range map[string]struct {
		change files
		want   string
	}{
		"NodePort":       {files{"values.yaml": "replicas: 1\ntype: NodePort"}, "templates/service.yaml: Service k-iwohtgpu-db: type NodePort lets traffic in around container-to-container policies, so it becomes ClusterIP"},
		"LoadBalancer":   {files{"values.yaml": "replicas: 1\ntype: LoadBalancer"}, "type LoadBalancer"},
		"external IPs":   {service("{selector: {app: db}, ports: [{port: 5432}], externalIPs: [192.0.2.1]}"), "Service x: externalIPs let traffic in"},
		"SCTP":           {service("{selector: {app: db}, ports: [{port: 7, protocol: SCTP, name: n2}]}"), "bind doesn't open sctp 7 (n2)"},
		"SCTP alone":     {files{"templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: db}, ports: [{port: 7, protocol: SCTP}]}", "bind.yaml": "absent"}, "bind would fail where the broker enforces access: no app can reach this service instance: its pods offer 7/sctp (x) only"},
		"no probe":       {files{"templates/x.yaml": pod("{containers: [{name: c}]}")}, "container c has no readinessProbe"},
		"cluster role":   {object("rbac.authorization.k8s.io/v1", "ClusterRole"), "ClusterRole x: it is cluster-scoped"},
		"CRD folder":     {files{"crds/x.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\n"}, "crds/x.yaml: a CustomResourceDefinition"},
		"quota":          {object("v1", "ResourceQuota"), "ResourceQuota x: the role admin, with which charts are installed, doesn't allow it"},
		"custom kind":    {object("example.com/v1", "Database"), "Database x: example.com/v1 isn't one of Kubernetes' own"},
		"no pod":         {service("{selector: {app: other}, ports: [{port: 1}]}"), "Service x: its selector app=other matches no pod"},
		"no selector":    {service("{ports: [{port: 1}]}"), "Service x: it has no selector"},
		"port's name":    {service("{selector: {app: db}, ports: [{port: 1, targetPort: other}]}"), `targets "other"`},
		"unknown field":  {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndat: {}\n"}, `unknown field "dat"`},
		"ready":          {files{"plans.yaml": "- {name: small, file: small.yaml, ready: [{kind: Kafka, for: create}]}\n"}, `ready: plan "small" makes no object of the kind Kafka`},
		"parameter":      {files{"plans.yaml": "- {name: small, file: small.yaml, allowed_parameters: [replicas, replica]}\n"}, `plans.yaml: plan "small" lets developers set replica, which nothing reads: the chart has no value replica`},
		"env twice":      {files{"templates/x.yaml": pod("{containers: [{name: c, " + probed + ", env: [{name: MODE, value: a}, {name: LEVEL}, {name: MODE, value: b}]}]}")}, `templates/x.yaml: Pod x: spec.containers[name="c"].env has [name="MODE"] twice`},
		"port twice":     {files{"templates/x.yaml": pod("{containers: [{name: c, " + probed + ", ports: [{containerPort: 53}, {containerPort: 53, name: other}]}]}")}, `ports has [containerPort=53,protocol="TCP"] twice`},
		"alike":          {files{"templates/x.yaml": "{{ range until 74 }}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q{{ . }}}\n{{ end }}"}, "ResourceQuota q0: the role admin, with which charts are installed, doesn't allow it; a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin=true can; and 73 more: ResourceQuota q1, "},
		"generated":      {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {text: '{{ uuidv4 }}'}\n"}, `templates/x.yaml: ConfigMap x: data.text is generated, and so another with each update: only Secrets' values are kept. Put it into a Secret, or have the plan file set it with {{ generated "NAME" 24 }}`},
		"generated env":  {files{"templates/x.yaml": pod("{containers: [{name: c, " + probed + ", env: [{name: A, value: '{{ uuidv4 }}'}]}]}")}, "Pod x: spec.containers[c].env[A].value is generated"},
		"frozen":         {files{"templates/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {app.ini: 'level = {{ .Release.Name }}, somewhere, key = {{ randAlphaNum 8 }}, and so on'}\n"}, `templates/x.yaml: Secret x: data.app.ini holds something generated amid other text. Updates keep it as it is`},
		"generated name": {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'x-{{ uuidv4 }}'}\n"}, "its name is generated, so each update makes another one and deletes this"},
		"restarts":       {files{"templates/x.yaml": deploymentWith("rollme: {{ randAlphaNum 5 | quote }}")}, "Deployment x: spec.template.metadata.annotations.rollme is generated, so each update restarts these pods"},
		"generated Job":  {files{"templates/x.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec: {template: {metadata: {labels: {a: 'x{{ randAlphaNum 5 }}'}}, spec: {restartPolicy: Never, containers: [{name: c}]}}}\n"}, "Job x: spec.template.metadata.labels.a is generated, and Kubernetes lets nobody change a Job, so each update fails"},
		"empty":          {files{"bind.yaml": "template: '{a: {b: null}, c: 1}'"}, "bind.yaml: the credential a.b is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := check(t, good().and(files{"plans.yaml": ""}).and(c.change).write(t))
			plan := report.Charts[0].Plans[0]
			if len(plan.Mistakes) != 0 {
				t.Errorf("the mistakes %q, want none", plan.Mistakes)
			}
			if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], c.want) {
				t.Errorf("the warnings %q, want one with %q", plan.Warnings, c.want)
			}
		})
	}
}

// TestWhatStays: test hooks and Jobs add no pods, a hook's Secret stays.
func TestWhatStays(t *testing.T) {
	hook := func(kind, events, rest string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: x-" + strings.ToLower(kind) + ", annotations: {helm.sh/hook: '" + events + "'}}\n" + rest
	}
	folder := good().and(files{
		"plans.yaml":          "",
		"bind.yaml":           "template: '{secrets: [s.name for s in $.secrets], pods: std.length($.pods), zone: $.secrets[1].data.a}'",
		"templates/test.yaml": hook("Pod", "test", "spec: {containers: [{name: c}]}"),
		"templates/hook.yaml": hook("Secret", "pre-install", "data: {a: Yg==}"),
		"templates/tls.yaml":  "apiVersion: v1\nkind: Secret\nmetadata: {name: tls}\ntype: kubernetes.io/tls\n",
	}).write(t)
	report := check(t, folder)
	plan := report.Charts[0].Plans[0]
	objects := []chartcheck.Object{
		{Kind: "Deployment", Name: "k-iwohtgpu-db"}, {Kind: "Secret", Name: "k-iwohtgpu-db"}, {Kind: "Secret", Name: "tls"},
		{Kind: "Secret", Name: "x-secret"}, {Kind: "Service", Name: "k-iwohtgpu-db"},
	}
	if len(plan.Mistakes)+len(plan.Warnings) != 0 || !slices.Equal(plan.Objects, objects) {
		t.Errorf("reported\n%s", text(t, report))
	}
}

// TestWarningsOfTheChart are about what the catalog shows of the whole chart,
// and stand above its plans.
func TestWarningsOfTheChart(t *testing.T) {
	change := good()
	change["Chart.yaml"] += "keywords: [small, " + strings.Repeat("x", 3000) + "]\n"
	folder := change.write(t)
	report := check(t, folder)
	const want = "keywords: 1 of 2 aren't shown in the catalog"
	if _, _, warnings := report.Count(); warnings != 1 || !strings.Contains(report.Charts[0].Warnings[0], want) {
		t.Errorf("printed\n%s\nwant one warning: %s", text(t, report), want)
	}
	if printed := text(t, report); !strings.HasPrefix(printed, "db 1.2.3  ("+folder+")\n  warning: Chart.yaml: "+want) {
		t.Errorf("printed\n%s", printed)
	}
}

// TestUnrenderedValues warns of values that hold templates where nobody renders
// them.
func TestUnrenderedValues(t *testing.T) {
	const values = "replicas: 1\ntype: ClusterIP\nname: {of: \"{{ .Release.Name }}-db\"}\n"
	const old = "apiVersion: v1\nname: db\nversion: 1.2.3\n"
	for name, c := range map[string]struct {
		change files
		want   int
	}{
		"nobody":                 {files{"values.yaml": values}, 1},
		"the chart":              {files{"values.yaml": values, "templates/x.yaml": "{{ $x := tpl .Values.name.of . }}"}, 0},
		"the broker":             {files{"values.yaml": values, "Chart.yaml": old}, 0},
		"an old chart by itself": {files{"values.yaml": values, "Chart.yaml": old, "plans.yaml": "absent", "bind.yaml": "absent"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := check(t, good().and(c.change).write(t)).Charts[0].Warnings
			if len(found) != c.want || len(found) == 1 && !strings.Contains(found[0], `values.yaml: name.of holds "{{"`) {
				t.Errorf("the warnings %q, want %d", found, c.want)
			}
		})
	}
}
