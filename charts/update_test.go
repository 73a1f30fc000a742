package charts_test

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

var generated = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)

// TestCredentialsSurviveAnUpgrade renders each plan in a cluster that holds the Secret of an earlier
// rendering, and beside it in an empty one, where the password must be another.
func TestCredentialsSurviveAnUpgrade(t *testing.T) {
	withSecret := 0
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		installed := all[*corev1.Secret](render(t, chart, release, values))
		if len(installed) == 0 {
			return
		}
		withSecret++
		secret := only[*corev1.Secret](t, render(t, chart, release, values))
		secret.Namespace = namespace
		if secret.Type != corev1.SecretTypeOpaque {
			t.Errorf("the Secret is of type %q; a binding sees Opaque ones alone", secret.Type)
		}
		if password := secret.Data["password"]; !generated.Match(password) {
			t.Errorf("a password of %d characters, want 32 letters and digits", len(password))
		}
		upgraded := only[*corev1.Secret](t, render(t, chart, release, values, secret))
		if !equality.Semantic.DeepEqual(upgraded.Data, secret.Data) {
			t.Error("an upgrade changes the credentials")
		}
		if string(installed[0].Data["password"]) == string(secret.Data["password"]) {
			t.Error("two instances have the same password")
		}
	})
	if withSecret == 0 {
		t.Error("no chart has a Secret: nothing was checked")
	}
}

// TestPasswordIsReadFromTheSecretAlone guards against one that ends up in a pod's specification.
func TestPasswordIsReadFromTheSecretAlone(t *testing.T) {
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		const password = "Zq7RkX2mVb9sLw4NfT8yHc3pJd6gEa5U"
		existing := &corev1.Secret{Data: map[string][]byte{"password": []byte(password)}}
		existing.Name, existing.Namespace = release+"-"+chart, namespace
		documents, err := manifests(t, chart, release, values, existing)
		if err != nil {
			t.Fatal(err)
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(password))
		for _, document := range documents {
			if strings.Contains(document, "kind: Secret") {
				if !strings.Contains(document, encoded) {
					t.Error("the Secret doesn't hold the password: nothing is checked")
				}
				continue
			}
			if strings.Contains(document, password) || strings.Contains(document, encoded) {
				t.Errorf("the password stands in\n%s", document)
			}
		}
	})
}

func TestParametersOverrideAPlan(t *testing.T) {
	for _, c := range []struct {
		chart      string
		parameters map[string]any
		expected   string
	}{
		{"redis", map[string]any{"maxmemory": "64mb"}, `"64mb"`},
		{"redis", map[string]any{"persistence": map[string]any{"enabled": true, "storageClass": "fast"}}, `storageClassName: "fast"`},
		{"postgresql", map[string]any{"maxConnections": float64(1000)}, "max_connections=1000"},
		{"postgresql", map[string]any{"persistence": map[string]any{"size": "7Gi"}}, "storage: 7Gi"},
		{"echo", map[string]any{"replicas": float64(2), "name": "blue: {{ green }}"}, `"blue: {{ green }}"`},
	} {
		documents, err := manifests(t, c.chart, release, c.parameters)
		if err != nil {
			t.Errorf("%s with %v: %v", c.chart, c.parameters, err)
			continue
		}
		if !strings.Contains(strings.Join(documents, "\n"), c.expected) {
			t.Errorf("%s with %v doesn't say %s", c.chart, c.parameters, c.expected)
		}
	}
}

// TestPlansCanBeChanged compares the fields that the API server lets no update touch.
func TestPlansCanBeChanged(t *testing.T) {
	for _, chart := range chartNames(t) {
		first := map[string]any{}
		for i, p := range plansOf(t, chart) {
			fixed := immutable(render(t, chart, release, valuesOf(t, chart, p)))
			if i == 0 {
				first = fixed
			} else if !equality.Semantic.DeepEqual(fixed, first) {
				t.Errorf("%s: no instance can move to plan %s: %v is not %v", chart, p.Name, fixed, first)
			}
		}
	}
}

// TestPlanChangesKeepData compares the claims of plans that can follow one another: a claim that
// goes takes its data along, and one can't get smaller.
func TestPlanChangesKeepData(t *testing.T) {
	compared := 0
	for _, chart := range chartNames(t) {
		plans := plansOf(t, chart)
		for _, from := range plans {
			for _, to := range plans {
				if from.AllowedPlanChanges != nil && !slices.Contains(from.AllowedPlanChanges, to.Name) {
					continue
				}
				after := claimSizes(t, chart, to)
				for name, size := range claimSizes(t, chart, from) {
					compared++
					if next, stays := after[name]; !stays || next.Cmp(size) < 0 {
						t.Errorf("%s: from plan %s to %s the claim %s goes, or gets smaller", chart, from.Name, to.Name, name)
					}
				}
			}
		}
	}
	if compared == 0 {
		t.Error("no plan with a claim can be changed: nothing was checked")
	}
}

func claimSizes(t *testing.T, chart string, p plan) map[string]resource.Quantity {
	t.Helper()
	sizes := map[string]resource.Quantity{}
	for _, claim := range all[*corev1.PersistentVolumeClaim](render(t, chart, release, valuesOf(t, chart, p))) {
		sizes[claim.Name] = claim.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	return sizes
}

func immutable(objects []runtime.Object) map[string]any {
	fixed := map[string]any{}
	for _, workload := range all[*appsv1.Deployment](objects) {
		fixed["Deployment/"+workload.Name] = workload.Spec.Selector
	}
	for _, workload := range all[*appsv1.StatefulSet](objects) {
		spec := workload.Spec
		spec.Replicas, spec.Template = nil, corev1.PodTemplateSpec{}
		fixed["StatefulSet/"+workload.Name] = spec
	}
	return fixed
}

// TestNamesFitAndKeepTheirEnding uses the longest release name that Helm allows. The ending is what
// bind.yaml looks for; a StatefulSet's name plus "-" and a hash of 10 is a label value of its pods.
func TestNamesFitAndKeepTheirEnding(t *testing.T) {
	const longest = "a-release-name-of-just-as-many-characters-as-helm-has"
	if len(longest) != 53 {
		t.Fatalf("the release name has %d characters, want 53", len(longest))
	}
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		objects := render(t, chart, longest, values)
		names := map[string]bool{}
		for _, object := range objects {
			accessor, err := meta.Accessor(object)
			if err != nil {
				t.Fatal(err)
			}
			names[accessor.GetName()] = true
			limit := 63
			if len(all[*appsv1.StatefulSet](objects)) > 0 {
				limit = 52
			}
			if name := accessor.GetName(); len(name) > limit || !strings.HasSuffix(name, "-"+chart) {
				t.Errorf("%s has %d characters, want at most %d and the ending -%s", name, len(name), limit, chart)
			}
		}
		if len(names) != 1 {
			t.Errorf("the objects have the names %v, want one for all", slices.Sorted(maps.Keys(names)))
		}
	})
}
