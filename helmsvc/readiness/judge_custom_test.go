package readiness

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// TestCustomResourceIsJudged by what its operator has said of it so far. The
// statuses are those of real operators.
func TestCustomResourceIsJudged(t *testing.T) {
	const current, inProgress, failed = "Current", "InProgress", "Failed"
	const none = "it has no status yet: is its operator running?"
	for name, c := range map[string]struct {
		status    string // YAML; empty: there is none
		hasStatus bool
		want, why string
		told      bool
	}{
		"nothing said, and its kind has a status": {hasStatus: true, want: inProgress, why: none},
		"an empty status":                         {status: "{}", hasStatus: true, want: inProgress, why: none},
		"its kind never has a status":             {want: current},
		"a status that says nothing of readiness": {status: "{phase: Pending}", hasStatus: true, want: current},
		"ready":                              {status: "{conditions: [{type: Ready, status: 'True'}]}", hasStatus: true, want: current, told: true},
		"not ready":                          {status: "{conditions: [{type: Ready, status: 'False', reason: Creating, message: two to go}]}", want: inProgress, why: "Ready is False: two to go"},
		"not known":                          {status: "{conditions: [{type: Ready, status: Unknown, reason: Initializing}]}", want: inProgress, why: "Ready is Unknown: Initializing"},
		"Ready is the sum":                   {status: "{conditions: [{type: BackupReady, status: 'False'}, {type: Ready, status: 'True'}]}", want: current, told: true},
		"RabbitMQ while its pods start":      {status: "{conditions: [{type: NoWarnings, status: 'True'}, {type: AllReplicasReady, status: 'False', message: 0/1 Pods ready}, {type: ClusterAvailable, status: 'True'}]}", hasStatus: true, want: inProgress, why: "AllReplicasReady is False: 0/1 Pods ready"},
		"RabbitMQ that runs":                 {status: "{conditions: [{type: NoWarnings, status: 'False'}, {type: AllReplicasReady, status: 'True'}, {type: ClusterAvailable, status: 'True'}]}", hasStatus: true, want: current, told: true},
		"Strimzi, which says NotReady":       {status: "{conditions: [{type: NotReady, status: 'True', reason: Creating, message: Kafka is being deployed}]}", hasStatus: true, want: inProgress, why: "NotReady is True: Kafka is being deployed"},
		"lower case":                         {status: "{conditions: [{type: Ready, status: 'true'}]}", want: current, told: true},
		"what is bad and false":              {status: "{conditions: [{type: ReplicasNotReady, status: 'False'}, {type: DiskUnavailable, status: 'False'}]}", want: current},
		"seen as it was before":              {status: "{observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}", want: inProgress, why: "Thing generation is 2, but latest observed generation is 1"},
		"a condition of what it was before":  {status: "{conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}", want: inProgress, why: "Ready is True for what it was before"},
		"still at it":                        {status: "{conditions: [{type: Reconciling, status: 'True', message: step 2}]}", want: inProgress, why: "step 2"},
		"given up":                           {status: "{conditions: [{type: Stalled, status: 'True', message: no such image}]}", want: failed, why: "no such image"},
		"conditions that are none":           {status: "{conditions: {Ready: 'True'}}", hasStatus: true, want: current},
		"conditions of another shape":        {status: "{conditions: [{type: Ready, status: true}, Ready]}", hasStatus: true, want: inProgress, why: "Ready is unknown"},
		"a status that is no map":            {status: "fine", hasStatus: true, want: current},
		"a condition without a word why":     {status: "{conditions: [{type: Available, status: 'False'}]}", want: inProgress, why: "Available is False"},
		"no status where a version is noted": {status: "{observedGeneration: 2}", hasStatus: true, want: current},
	} {
		t.Run(name, func(t *testing.T) {
			got := judgeCustom(thing(t, c.status), c.hasStatus)
			if got.Status.String() != c.want || got.Message != c.why || got.Told != c.told {
				t.Errorf("it is %s (%q, told %v), want %s (%q, told %v)", got.Status, got.Message, got.Told, c.want, c.why, c.told)
			}
		})
	}
}

// thing is a custom resource of generation 2 with a status, as YAML; empty: none.
func thing(t *testing.T, status string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": map[string]any{"name": "t", "generation": int64(2)}}}
	if status == "" {
		return u
	}
	var read any
	if err := yaml.Unmarshal([]byte(status), &read); err != nil {
		t.Fatal(err)
	}
	u.Object["status"] = wholeNumbers(read)
	return u
}

// wholeNumbers gives numbers the type that the API server's JSON has.
func wholeNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = wholeNumbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = wholeNumbers(v[i])
		}
	case float64:
		return int64(v)
	}
	return value
}

// TestKindHasStatus goes by what the API server would keep of a status.
func TestKindHasStatus(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		want    bool
	}{
		"no schema":                             {"{}", false},
		"a status with fields":                  {"{schema: {openAPIV3Schema: {properties: {status: {type: object, properties: {phase: {type: string}}}}}}}", true},
		"a status with fields, by itself":       {"{subresources: {status: {}}, schema: {openAPIV3Schema: {properties: {status: {type: object, properties: {phase: {type: string}}}}}}}", true},
		"a status of any fields":                {"{schema: {openAPIV3Schema: {properties: {status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}", true},
		"a status of texts":                     {"{schema: {openAPIV3Schema: {properties: {status: {type: object, additionalProperties: {type: string}}}}}}", true},
		"a text":                                {"{schema: {openAPIV3Schema: {properties: {status: {type: string}}}}}", true},
		"the scaffold's empty status":           {"{subresources: {status: {}}, schema: {openAPIV3Schema: {properties: {spec: {type: object}, status: {type: object}}}}}", false},
		"a subresource of what is pruned":       {"{subresources: {status: {}}, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}", false},
		"any fields, and a subresource":         {"{subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}", true},
		"any fields, and none of it the status": {"{schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}", false},
	} {
		t.Run(name, func(t *testing.T) {
			var version apiextensionsv1.CustomResourceDefinitionVersion
			var read map[string]any
			if err := yaml.Unmarshal([]byte(c.version), &read); err != nil {
				t.Fatal(err)
			}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(read, &version); err != nil {
				t.Fatal(err)
			}
			if got := holdsStatus(version); got != c.want {
				t.Errorf("it has a status: %v, want %v", got, c.want)
			}
		})
	}
}
