package chart

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"k8s.io/client-go/tools/clientcmd"
)

const fuzzedKubeconfig = `apiVersion: v1
kind: Config
current-context: eu
contexts: [{name: eu, context: {cluster: eu, user: broker}}]
clusters: [{name: eu, cluster: {server: "https://eu.example.com:6443/", certificate-authority-data: AAAA}}]
users: [{name: broker, user: {token: TOKEN}}]
`

// longRunning are functions of templates that take as long as an operator
// tells them to; what they do is no parser's business.
var longRunning = []string{"until", "seq", "repeat", "gen", "indent", "range", "define", "template", "include", "tpl", "derive", "crypt", "wrap", "abbrev", "htpasswd", "rand"}

// FuzzPlans loads a chart with any plans.yaml, plan file and schema. Whatever
// is accepted can be offered.
func FuzzPlans(f *testing.F) {
	const schema = `{"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}, "additionalProperties": false}`
	for _, seed := range [][2]string{
		{"", ""},
		{"- {name: small, description: One node, file: p.yaml}\n- {name: large, description: Three, file: p.yaml, free: false}\n", "replicas: 3\n"},
		{"- name: small\n  file: p.yaml\n  description: One\n  display_name: Small\n  bullets: [10Gi disk]\n  costs: [{amount: {usd: 9.5}, unit: MONTHLY}]\n  allowed_parameters: [persistence.size, users]\n" +
			"  allow_templates: true\n  schemas: {create: s.json, update: s.json, bind: s.json}\n  allowed_plan_changes: [small]\n  quota: 20\n  keep_data: true\n  ports: [5432, 53/udp]\n  policies_per_binding: 8\n  allow_exposure: true\n  may_delete_data: true\n" +
			"  time_limit: 15m\n  maximum_polling_duration: 1200\n  credentials: k.yaml\n  destinations: [{name: dns, namespace: kube-system, selector: {k8s-app: kube-dns}, group: 5a2ed04e-6b2f-4d0c-9c77-7d6b8e8a2f10, ports: [53/udp]}]\n",
			`fullnameOverride: "{{ .Release.Name }}-db"`},
		{"- {name: a, file: p.yaml, ready: [{kind: Kafka, for: condition=Ready, failed: 'jsonpath={.status.phase[?(@.a==1)]}=Failed'}]}\n", ""},
		{"- {name: a, file: ../p.yaml}\n", ""},
		{"- {name: a, file: p.yaml, ports: [70000]}\n", "{{ .Values.nothing.at.all }}"},
		{"- {name: a, file: p.yaml, time_limit: -1s}\n", "a: &a [*a]\n"},
		{"- &p {name: a, file: p.yaml}\n- *p\n", "a: 12345678901234567890\n"},
		{"{}", "[1]"},
		{"- {name: a, file: p.yaml, schemas: {create: s.json}, nonsense: 1}\n", "- a\n"},
	} {
		f.Add(seed[0], seed[1], schema)
	}
	f.Add("- {name: a, file: p.yaml, schemas: {create: s.json}}\n", "", `{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#"}}}`)
	f.Add("- {name: a, file: p.yaml, schemas: {create: s.json}}\n", "", `{"$ref": "file:///etc/passwd"}`)
	f.Fuzz(func(t *testing.T, plans, values, schema string) {
		if len(plans)+len(values)+len(schema) > 8<<10 {
			return
		}
		for _, word := range longRunning {
			if strings.Contains(values, word) {
				return
			}
		}
		service, err := inMemory(t, map[string]string{
			"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "values.yaml": "a: 1\n",
			"plans.yaml": plans, "plans/p.yaml": values, "plans/s.json": schema, "plans/k.yaml": fuzzedKubeconfig,
		})
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, p := range service.Plans {
			if names[p.Name] || !planName.MatchString(p.Name) || p.Description == "" || len(p.Bullets) == 0 || p.Quota < 0 || p.TimeLimit < 0 {
				t.Errorf("the plan %+v is offered", p)
			}
			names[p.Name] = true
			for _, parameters := range parametersOf {
				if CheckBounds([]byte(parameters)) == nil && p.TakingAnything().CheckCreate([]byte(parameters)) == nil {
					if _, err := service.Render(t.Context(), p, "k-x", "n", []byte(parameters)); err != nil {
						t.Errorf("parameters that the plan %s takes: %v", p.Name, err)
					}
				}
			}
		}
		if again, err := LoadArchive(service.Archive(), "kept", nil); err != nil || again.Digest != service.Digest || len(again.Plans) != len(service.Plans) {
			t.Errorf("the kept chart isn't the one that was loaded: %v", err)
		}
	})
}

// FuzzDestinations reads DESTINATIONS and a plan's destinations.
func FuzzDestinations(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "null", "- 7",
		"- {name: dns, namespace: kube-system, selector: {k8s-app: kube-dns}, group: 5a2ed04e-6b2f-4d0c-9c77-7d6b8e8a2f10, ports: [53/udp, 53/tcp]}",
		`[{"name":"dns","namespace":"kube-system","selector":{"a":"b"},"group":"5a2ed04e-6b2f-4d0c-9c77-7d6b8e8a2f10","ports":[443]}]`,
		"- {name: dns, namespace: Kube, selector: {a: b}, group: 5A2ED04E-6B2F-4D0C-9C77-7D6B8E8A2F10, ports: [0]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParseSharedServices(text)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, d := range all {
			if _, err := uuid.Parse(d.Group); err != nil || d.Name == "" || names[d.Name] || d.Namespace == "" || len(d.Selector) == 0 || len(d.Ports) == 0 {
				t.Errorf("accepted %+v", d)
			}
			names[d.Name] = true
			valid(t, d.Ports)
		}
	})
}

// FuzzPorts reads ports as plans.yaml writes them.
func FuzzPorts(f *testing.F) {
	for _, seed := range []string{"5432", "53/udp", "5432/tcp", "0", "65536", "-1", "+1", "1e3", "53/sctp", "53/UDP", "/", "", "99999999999999999999", "0x50"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if port, err := parsePort(text); err == nil {
			valid(t, []Port{port})
		}
	})
}

func valid(t *testing.T, ports []Port) {
	t.Helper()
	for _, p := range ports {
		if p.Number < 1 || p.Number > 65535 || p.Protocol != "tcp" && p.Protocol != "udp" {
			t.Errorf("accepted %+v", p)
		}
	}
}

// FuzzKubeconfig reads a plan's credentials. Those that are accepted lead
// client-go to no file and no program.
func FuzzKubeconfig(f *testing.F) {
	f.Add([]byte(fuzzedKubeconfig))
	for _, user := range []string{
		"{tokenFile: /etc/passwd}", "{client-key: x.pem}", "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}", "{auth-provider: {name: gcp}}",
		"{username: a, password: b}", "{client-certificate-data: AAAA, client-key-data: AAAA}", "{as: admin}", "null",
	} {
		f.Add([]byte(strings.Replace(fuzzedKubeconfig, "{token: TOKEN}", user, 1)))
	}
	for _, cluster := range []string{"certificate-authority: /etc/passwd", "proxy-url: http://example.com", "insecure-skip-tls-verify: true", "server: /x"} {
		f.Add([]byte(strings.Replace(fuzzedKubeconfig, "certificate-authority-data: AAAA", cluster, 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		kubeconfig, err := parseKubeconfig(text)
		if err != nil {
			return
		}
		if kubeconfig.Server == "" && !strings.Contains(string(text), "/") || len(kubeconfig.ID) != 16 {
			t.Errorf("accepted %+v", kubeconfig)
		}
		config, err := clientcmd.RESTConfigFromKubeConfig(text)
		if err != nil {
			return
		}
		if config.CAFile != "" || config.CertFile != "" || config.KeyFile != "" || config.BearerTokenFile != "" || config.ExecProvider != nil || config.AuthProvider != nil {
			t.Errorf("client-go would read a file or run a program: %+v", config)
		}
	})
}
