package manifest

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	object := new(unstructured.Unstructured)
	data, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = object.UnmarshalJSON(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// TestDifferences holds live objects against what was rendered: in each case
// but the last ones of a kind the live object is right.
func TestDifferences(t *testing.T) {
	deployment := func(spec string) string { return "{apiVersion: apps/v1, kind: Deployment, spec: " + spec + "}" }
	container := func(fields string) string {
		return deployment("{template: {spec: {containers: [{name: w, " + fields + "}]}}}")
	}
	service := func(spec string) string { return "{apiVersion: v1, kind: Service, spec: " + spec + "}" }
	custom := func(spec string) string { return "{apiVersion: example.com/v1, kind: Broker, spec: " + spec + "}" }
	secret := func(fields string) string { return "{apiVersion: v1, kind: Secret, " + fields + "}" }
	const env = "spec.template.spec.containers[w].env"
	for name, c := range map[string]struct {
		before, wanted, live string
		want                 []string
	}{
		"defaults":           {"", container("image: i"), container("image: i, terminationMessagePath: /dev/log, resources: {}, imagePullPolicy: Always"), nil},
		"quantities":         {"", container("resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: 0.5}}"), container(`resources: {limits: {cpu: "1", memory: 1Gi}, requests: {cpu: 500m}}`), nil},
		"int or string":      {"", service("{ports: [{port: 80, targetPort: 8080}]}"), service("{ports: [{port: 80, targetPort: 8080, protocol: TCP}]}"), nil},
		"no target port":     {"", service("{ports: [{port: 80}]}"), service("{ports: [{port: 80, targetPort: 80, protocol: TCP}]}"), nil},
		"empty values":       {"", deployment("{strategy: {}, paused: false, template: {metadata: {annotations: {}, labels: null}, spec: {nodeSelector: {}, tolerations: []}}}"), deployment("{strategy: {type: RollingUpdate}, template: {spec: {}}}"), nil},
		"empty texts":        {"", container(`env: [{name: A, value: ""}]`), container("env: [{name: A}]"), nil},
		"null":               {"", service("{externalIPs: null, type: ClusterIP}"), service("{type: ClusterIP}"), nil},
		"replicas of an HPA": {"", deployment("{paused: true}"), deployment("{paused: true, replicas: 7}"), nil},
		"an injected one":    {"", deployment("{template: {spec: {containers: [{name: w}]}}}"), deployment("{template: {spec: {containers: [{name: proxy}, {name: w}]}}}"), nil},
		"status":             {"", "{apiVersion: apps/v1, kind: Deployment, status: {replicas: 3}}", deployment("{}"), nil},
		"finalizers":         {"", "{apiVersion: v1, kind: ConfigMap, metadata: {finalizers: [a/b]}}", "{apiVersion: v1, kind: ConfigMap, metadata: {finalizers: [c/d]}}", nil},
		"stringData":         {"", secret("stringData: {a: b}"), secret("data: {a: Yg==}"), nil},
		"numbers":            {"", custom("{a: 1, b: 1.0}"), custom("{a: 1.0, b: 1}"), nil},
		"custom defaults":    {"", custom("{listeners: [{port: 1}, {port: 2}]}"), custom("{listeners: [{port: 1, type: internal}, {port: 2, type: internal}], replicas: 1}"), nil},
		"protocols":          {"", service("{ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]}"), service("{ports: [{port: 53, protocol: TCP, targetPort: 53}, {port: 53, protocol: UDP, targetPort: 53}]}"), nil},
		"another order":      {"", container("env: [{name: A}, {name: B}]"), container("env: [{name: B}, {name: A}]"), nil},
		"a default again":    {deployment("{replicas: 3}"), deployment("{paused: true}"), deployment("{paused: true, replicas: 1}"), nil},

		"a lost entry":          {"", container("env: [{name: A, value: a}, {name: B}]"), container("env: [{name: B}]"), []string{env + "[A]"}},
		"a lost twin":           {"", container("env: [{name: A, value: a}, {name: A, value: a}]"), container("env: [{name: A, value: a}]"), []string{env + "[A]"}},
		"another value":         {"", container("env: [{name: A, value: a}]"), container("env: [{name: A, value: x}]"), []string{env + "[A].value"}},
		"a lost protocol":       {"", service("{ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]}"), service("{ports: [{port: 53, protocol: TCP}]}"), []string{"spec.ports[1]"}},
		"a container's port":    {"", container("ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]"), container("ports: [{containerPort: 53, protocol: UDP}]"), []string{"spec.template.spec.containers[w].ports[1]"}},
		"another number":        {"", deployment("{replicas: 2}"), deployment("{replicas: 3}"), []string{"spec.replicas"}},
		"zero":                  {"", deployment("{replicas: 0}"), deployment("{replicas: 3}"), []string{"spec.replicas"}},
		"arguments":             {"", container("args: [a, b]"), container("args: [a, b, c]"), []string{"spec.template.spec.containers[w].args"}},
		"a label":               {"", "{apiVersion: v1, kind: ConfigMap, metadata: {labels: {a: b}}}", "{apiVersion: v1, kind: ConfigMap}", []string{"metadata.labels"}},
		"a secret":              {"", secret("stringData: {a: b}"), secret("data: {a: Yw==}"), []string{"data.a"}},
		"a custom one":          {"", custom("{listeners: [{port: 1}]}"), custom("{listeners: [{port: 2}]}"), []string{"spec.listeners[0]"}},
		"a field that stays":    {secret("stringData: {a: b, c: d}"), secret("stringData: {a: b}"), secret("data: {a: Yg==, c: ZA==}"), []string{"data.c (which the chart no longer has)"}},
		"an entry that stays":   {container("env: [{name: A}, {name: B}]"), container("env: [{name: B}]"), container("env: [{name: A}, {name: B}]"), []string{env + "[A] (which the chart no longer has)"}},
		"a protocol that stays": {service("{ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]}"), service("{ports: [{port: 53, protocol: TCP}]}"), service("{ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]}"), []string{"spec.ports[1] (which the chart no longer has)"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := differences(stated(parsed(t, c.before)), stated(parsed(t, c.wanted)), stated(parsed(t, c.live)))
			if !slices.Equal(got, c.want) {
				t.Errorf("differences %q, want %q", got, c.want)
			}
		})
	}
}
