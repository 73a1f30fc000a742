package chart_test

import (
	"maps"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// offered are files in the shape of Tanzu Service Manager's samples: an offer in
// tsmgr/ beside a chart.
func offered() map[string]string {
	return map[string]string{
		"c/Chart.yaml":                   chartYAML("c"),
		"c/values.yaml":                  "{a: chart, b: chart, c: chart, d: chart}",
		"tsmgr/tsmgr.yaml":               "offer-name: my-offer\ncharts:\n- {chart: c, version: 1.2.3, offered: true, scope: namespace, overrideValuesFile: over.yaml}\n",
		"tsmgr/overrides/over.yaml":      "{b: 'of-{{ .Release.Namespace }}', c: override, d: override}",
		"tsmgr/plans.yaml":               "- {name: s, description: d, file: s.yaml}",
		"tsmgr/plans/s.yaml":             "{c: plan, d: plan}",
		"tsmgr/overrides/not-named.yaml": "{a: never}",
	}
}

func TestOffer(t *testing.T) {
	service := load(t, write(t, offered())).Services[0]
	if service.Name != "my-offer" || service.ID != chart.ServiceID("my-offer") || service.Plans[0].ID != chart.PlanID("my-offer", "s") {
		t.Errorf("the service is %s, %s with the plan %s", service.Name, service.ID, service.Plans[0].ID)
	}
	kept, err := chart.LoadArchive(service.Archive(), "kept", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"b": "of-ns", "c": "plan", "d": "parameter"}
	for from, s := range map[string]chart.Service{"the folder": service, "what is kept": kept} {
		if got := rendered(t, s, `{"d":"parameter"}`); !reflect.DeepEqual(got, want) || s.Digest != service.Digest || s.ID != service.ID {
			t.Errorf("from %s the values %v, want %v", from, got, want)
		}
		what, err := s.Render(t.Context(), s.Plans[0], "k-rel", "ns", nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(what.Chart.Files) != 0 {
			t.Errorf("from %s the release has the broker's file %s", from, what.Chart.Files[0].Name)
		}
	}
}

// TestOfferWithoutPlans has the one plan, with the overrides.
func TestOfferWithoutPlans(t *testing.T) {
	files := offered()
	delete(files, "tsmgr/plans.yaml")
	service := load(t, write(t, files)).Services[0]
	want := map[string]any{"b": "of-ns", "c": "override", "d": "override"}
	if got := rendered(t, service, ""); len(service.Plans) != 1 || service.Plans[0].ID != chart.PlanID("my-offer", "default") || !reflect.DeepEqual(got, want) {
		t.Errorf("plans %+v, values %v; want %v", service.Plans, got, want)
	}
}

func TestBrokenOffers(t *testing.T) {
	offer := func(text string) map[string]string { return map[string]string{"tsmgr/tsmgr.yaml": text} }
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"another chart":   {offer("charts: [{chart: d, version: 1.2.3}]"), "tsmgr.yaml offers the chart d in version 1.2.3, and this is c in version 1.2.3"},
		"another version": {offer("charts: [{chart: c, version: 1.2.4}]"), "in version 1.2.4, and this is c in version 1.2.3"},
		"no overrides":    {offer("charts: [{chart: c, overrideValuesFile: none.yaml}]"), "overrides/none.yaml can't be read: file does not exist"},
		"led astray":      {offer("charts: [{chart: c, overrideValuesFile: ../plans/s.yaml}]"), "must lie in overrides/"},
		"several":         {offer("charts: [{chart: c}, {chart: d}]"), "of c and d make one chart"},
		"failing":         {map[string]string{"tsmgr/overrides/over.yaml": `a: {{ include "none" . }}`}, "overrides/over.yaml"},
		"no map":          {map[string]string{"tsmgr/overrides/over.yaml": "[a]"}, "overrides/over.yaml must be a YAML map"},
	} {
		t.Run(name, func(t *testing.T) {
			files := offered()
			maps.Copy(files, c.change)
			catalog := load(t, write(t, files))
			if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), c.want) || filepath.Base(catalog.Problems[0].From) != "c" {
				t.Errorf("the problems are %v, want one of c with %q", catalog.Problems, c.want)
			}
		})
	}
}
