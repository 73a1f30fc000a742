package charts_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// eachOffered runs check for every plan as the broker reads it.
func eachOffered(t *testing.T, check func(t *testing.T, service chart.Service, plan chart.Plan)) {
	t.Helper()
	catalog, err := chart.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(catalog.Services) == 0 || len(catalog.Problems) > 0 {
		t.Fatalf("%d services are offered, with the problems %v", len(catalog.Services), catalog.Problems)
	}
	for _, s := range catalog.Services {
		for _, p := range s.Plans {
			t.Run(s.Metadata().Name+"/"+p.Name, func(t *testing.T) { check(t, s, p) })
		}
	}
}

// TestShippedPlansAreSafe holds what is offered by default to what any plan should have:
// no developer chooses images or sizes, and each instance, and their number, is bounded.
func TestShippedPlansAreSafe(t *testing.T) {
	eachOffered(t, func(t *testing.T, service chart.Service, p chart.Plan) {
		if p.AllowedParameters == nil {
			t.Error("it doesn't list the parameters that developers may set; [] is none")
		}
		for _, parameter := range p.AllowedParameters {
			if top, _, _ := strings.Cut(parameter, "."); slices.Contains([]string{"image", "resources", "persistence", "global", "maxmemory"}, top) {
				t.Errorf("developers may set %s", parameter)
			}
			if schema := schemaOf(t, service, parameter); !bounded(schema) {
				t.Errorf("nothing in values.schema.json bounds %s: %v", parameter, schema)
			}
		}
		if p.Quota == 0 {
			t.Error("there may be any number of instances: quota is missing")
		}
		for _, name := range []corev1.ResourceName{"pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "requests.storage", "services.loadbalancers", "services.nodeports"} {
			if _, is := p.ResourceQuota[name]; !is {
				t.Errorf("resource_quota doesn't bound %s", name)
			}
		}
		if len(p.LimitRange) == 0 {
			t.Error("limit_range is missing: a pod without resources of its own would be refused by the quota")
		}
		if p.Free == (len(p.Costs) > 0) {
			t.Errorf("free is %t, and the costs are %v", p.Free, p.Costs)
		}
		if p.DisplayName == p.Name || p.Description == p.Name {
			t.Error("display_name or description is missing")
		}
	})
}

// schemaOf is what values.schema.json says of a value at the top.
func schemaOf(t *testing.T, service chart.Service, parameter string) map[string]any {
	t.Helper()
	var document struct {
		Properties, Definitions map[string]map[string]any
	}
	readJSON(t, service, &document)
	schema := document.Properties[parameter]
	if all, is := schema["allOf"].([]any); is {
		reference, _ := all[0].(map[string]any)["$ref"].(string)
		return document.Definitions[strings.TrimPrefix(reference, "#/definitions/")]
	}
	return schema
}

func readJSON(t *testing.T, service chart.Service, into any) {
	t.Helper()
	text, err := json.Marshal(service.Schema())
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var endless = regexp.MustCompile(`[*+]|\{\d+,\}`)

// bounded tells whether there is an end to what a schema allows.
func bounded(schema map[string]any) bool {
	pattern, _ := schema["pattern"].(string)
	closed := strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$") && !endless.MatchString(pattern)
	return schema["enum"] != nil || schema["type"] == "boolean" || schema["maxLength"] != nil || closed || schema["minimum"] != nil && schema["maximum"] != nil
}

// TestShippedPlansFitTheirQuota adds up what an instance's pods and claims ask for, those
// included that an update makes before it ends the old ones, with as many replicas as a
// developer may ask for.
func TestShippedPlansFitTheirQuota(t *testing.T) {
	eachOffered(t, func(t *testing.T, service chart.Service, p chart.Plan) {
		values := valuesOf(t, service.Metadata().Name, plan{File: strings.TrimPrefix(p.File, "plans/")})
		if slices.Contains(p.AllowedParameters, "replicas") {
			values["replicas"] = schemaOf(t, service, "replicas")["maximum"]
		}
		used := uses(render(t, service.Metadata().Name, release, values))
		for name, quantity := range used {
			if most, is := p.ResourceQuota[name]; is && quantity.Cmp(most) > 0 {
				t.Errorf("%s: its pods and claims need %s, and the quota is %s", name, quantity.String(), most.String())
			}
		}
		if pods := used["pods"]; pods.IsZero() {
			t.Error("no pod is made: nothing was checked")
		}
	})
}

func uses(objects []runtime.Object) corev1.ResourceList {
	used := corev1.ResourceList{}
	add := func(name corev1.ResourceName, quantity resource.Quantity, times int64) {
		sum := used[name]
		for range times {
			sum.Add(quantity)
		}
		used[name] = sum
	}
	pods := func(spec corev1.PodSpec, n int64) {
		add("pods", resource.MustParse("1"), n)
		for _, c := range spec.Containers {
			for name, quantity := range c.Resources.Requests {
				add("requests."+name, quantity, n)
			}
			for name, quantity := range c.Resources.Limits {
				add("limits."+name, quantity, n)
			}
		}
	}
	for _, d := range all[*appsv1.Deployment](objects) {
		n := int64(*d.Spec.Replicas)
		pods(d.Spec.Template.Spec, n+(n+3)/4) // a quarter more, by default
	}
	for _, s := range all[*appsv1.StatefulSet](objects) {
		pods(s.Spec.Template.Spec, int64(*s.Spec.Replicas))
	}
	for _, claim := range all[*corev1.PersistentVolumeClaim](objects) {
		add("requests.storage", claim.Spec.Resources.Requests[corev1.ResourceStorage], 1)
		add("persistentvolumeclaims", resource.MustParse("1"), 1)
	}
	return used
}

// TestShippedServicesAreShown: the marketplace has all that it shows, and fetches no
// picture from anywhere.
func TestShippedServicesAreShown(t *testing.T) {
	catalog, err := chart.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range catalog.Services {
		name, listing := s.Metadata().Name, s.Listing()
		if listing.Metadata.DisplayName == name || len(listing.Metadata.LongDescription) < 80 || len(listing.Cut) > 0 {
			t.Errorf("%s: the catalog shows %+v", name, listing)
		}
		for what, address := range map[string]string{"documentation": listing.Metadata.Documentation, "support": listing.Metadata.Support} {
			if !strings.HasPrefix(address, "https://") {
				t.Errorf("%s: the URL of the %s is %q", name, what, address)
			}
		}
		encoded, is := strings.CutPrefix(listing.Metadata.Image, "data:image/svg+xml;base64,")
		picture, err := base64.StdEncoding.DecodeString(encoded)
		drawing := strings.Replace(string(picture), `xmlns="http://www.w3.org/2000/svg"`, "", 1)
		if !is || err != nil || !strings.HasPrefix(drawing, "<svg ") || strings.Contains(drawing, "http") || strings.Contains(drawing, "href") || strings.Contains(drawing, "<script") {
			t.Errorf("%s: the icon is %.80q, want a drawing of its own that refers to nothing: %s", name, listing.Metadata.Image, drawing)
		}
	}
}
