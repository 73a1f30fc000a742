package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const extrasChart = "charts-extras/extras"

// recordCount is how many instances and bindings are recorded.
func (f *foundation) recordCount() int {
	f.t.Helper()
	records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record"})
	f.must(err)
	return len(records.Items)
}

// TestExtrasCatalog shows what the chart and its plans say.
func TestExtrasCatalog(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	var catalog struct{ Services []map[string]any }
	f.must(f.want(200)(f.Send(t.Context(), http.MethodGet, "/v2/catalog", nil)).Decode(&catalog))
	service := catalog.Services[0]
	plans := map[string]map[string]any{}
	for _, p := range service["plans"].([]any) {
		plan := p.(map[string]any)
		plans[plan["name"].(string)] = plan
	}
	for name, c := range map[string]struct {
		have any
		want string
	}{
		"service metadata": {service["metadata"], `{"displayName":"All Extras","longDescription":"A chart that says all it can","shareable":true,"supportUrl":"https://support.example.com/"}`},
		"plan metadata":    {plans["full"]["metadata"], `{"bullets":["All that the catalog shows"],"costs":[{"amount":{"eur":9,"usd":9.5},"unit":"MONTHLY"}],"displayName":"Full of Extras"}`},
		"polling":          {plans["full"]["maximum_polling_duration"], "600"},
		"polling, default": {plans["two"]["maximum_polling_duration"], "null"},
		"updatable":        {plans["full"]["plan_updateable"], "true"},
		"not updatable":    {plans["fixed"]["plan_updateable"], "false"},
		"schemas, none":    {plans["two"]["schemas"], "null"},
	} {
		if have, err := json.Marshal(c.have); err != nil || string(have) != c.want {
			t.Errorf("%s: %s, want %s", name, have, c.want)
		}
	}
	schemas, err := json.Marshal(plans["full"]["schemas"])
	f.must(err)
	for _, kind := range []string{"create", "update", "bind"} {
		if strings.Count(string(schemas), `"title":"for `+kind+`"`) != 1 {
			t.Errorf("the plan shows no schema for %s: %s", kind, schemas)
		}
	}
}

// TestExtrasRefuse refuses parameters before anything is made, names the field
// and quotes no value, whatever the value looks like.
func TestExtrasRefuse(t *testing.T) {
	f := newFoundation(t, shelf(t, extrasChart, "charts/fixture"), map[string]string{"LOG_LEVEL": "debug"})
	i := f.create("extras", "full", map[string]any{"note": "first"})
	fixed := f.create("extras", "fixed", map[string]any{"note": "first", "limits": map[string]any{"memory": "1Gi"}})
	before := f.recordCount()
	asks := map[string]func(field string, value any) (rig.Answer, error){
		"create": func(field string, value any) (rig.Answer, error) {
			return f.Provision(t.Context(), f.instance("extras", "full"), map[string]any{field: value})
		},
		"update": func(field string, value any) (rig.Answer, error) {
			return f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{field: value}})
		},
		"bind": func(field string, value any) (rig.Answer, error) {
			return f.Send(t.Context(), http.MethodPut, bindingPath(i, uuid.NewString()), map[string]any{
				"service_id": i.Service.ID, "plan_id": i.Plan.ID, "parameters": map[string]any{field: value},
			})
		},
		"create, not allowed": func(field string, value any) (rig.Answer, error) {
			return f.Provision(t.Context(), f.instance("extras", "fixed"), map[string]any{field: value})
		},
		"update, not allowed": func(field string, value any) (rig.Answer, error) {
			return f.Update(t.Context(), fixed, map[string]any{"parameters": map[string]any{field: value}})
		},
		"chart's schema": func(_ string, value any) (rig.Answer, error) {
			return f.Provision(t.Context(), f.instance("fixture", "plain"), map[string]any{"marked": fmt.Sprint(value, "!")})
		},
	}
	for name, c := range map[string]struct {
		field  string
		value  any
		secret string // is a part of the value, and of no other
	}{
		"plain":         {"key", "s3cr3ta", "s3cr3ta"},
		"short":         {"key", "Zq9", "Zq9"},
		"quotes":        {"key", `it's s3cr3tb "here"`, "s3cr3tb"},
		"spaces":        {"key", "two  spaces s3cr3tc", "s3cr3tc"},
		"lines":         {"key", "two\nlines s3cr3td", "s3cr3td"},
		"beyond ASCII":  {"key", "grüße\u2028s3cr3te", "s3cr3te"},
		"a number":      {"pin", 87654321, "87654321"},
		"a list":        {"key", []string{"s3cr3tf"}, "s3cr3tf"},
		"unknown field": {"unheard", "s3cr3tg", "s3cr3tg"},
	} {
		for kind, ask := range asks {
			answer, err := ask(c.field, c.value)
			f.must(err)
			field := c.field
			if kind == "chart's schema" {
				field = "marked"
			}
			said := strings.NewReplacer(",", "", ".", "").Replace(answer.Description()) // as numbers are written
			if answer.Status != 400 || !strings.Contains(said, field) || strings.Contains(said, c.secret) {
				t.Errorf("%s, %s: answered %d %s", kind, name, answer.Status, answer.Body)
			}
		}
		if strings.Contains(f.broker.Log(), c.secret) {
			t.Errorf("%s: the log holds the value", name)
		}
	}
	nested, err := asks["create, not allowed"]("limits", map[string]any{"memory": "1Gi", "cpu": 1})
	f.must(err)
	if nested.Status != 400 || !strings.Contains(nested.Description(), `"limits.cpu"`) || !strings.Contains(nested.Description(), "note, limits.memory") {
		t.Errorf("a nested parameter: answered %d %s", nested.Status, nested.Body)
	}
	if after := f.recordCount(); after != before {
		t.Errorf("there are %d records, before there were %d", after, before)
	}
}

// TestExtrasPlanChange refuses what the operator hasn't allowed.
func TestExtrasPlanChange(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	for from, to := range map[string]string{"fixed": "narrow", "full": "fixed"} {
		i := f.create("extras", from, nil)
		refused := f.want(422)(f.Update(t.Context(), i, map[string]any{"plan_id": f.instance("extras", to).Plan.ID}))
		if !strings.Contains(string(refused.Body), `"error":"PlanChangeNotSupported"`) || !strings.Contains(refused.Description(), to) {
			t.Errorf("from %s to %s: refused with %s", from, to, refused.Body)
		}
	}
	i := f.create("extras", "full", nil)
	f.update(i, map[string]any{"plan_id": f.instance("extras", "narrow").Plan.ID})
}

// TestExtrasPorts hands out and opens only the plan's ports.
func TestExtrasPorts(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	i, app := f.create("extras", "narrow", nil), f.app()
	answer := f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	var body struct{ Credentials credentials }
	f.must(answer.Decode(&body))
	if e := body.Credentials.Endpoints; len(e) != 1 || e[0].Port != 5353 || e[0].Protocol != "udp" {
		t.Errorf("the credentials are %s", answer.Body)
	}
	f.wantPolicies(cf.NewPolicy(app, i.ID, "udp", 5353, 5353))
}

// TestExtrasDashboard shows where an instance can be looked at.
func TestExtrasDashboard(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	i := f.instance("extras", "full")
	dashboard := func(answer rig.Answer) string {
		var body struct {
			DashboardURL string `json:"dashboard_url"`
		}
		f.must(answer.Decode(&body))
		return body.DashboardURL
	}
	accepted := f.want(202)(f.Provision(t.Context(), i, map[string]any{"note": "mine"}))
	if url := dashboard(accepted); !strings.HasPrefix(url, "https://k-") || !strings.HasSuffix(url, ".example.com/mine") {
		t.Errorf("the create was accepted with %s", accepted.Body)
	}
	f.ready(i, accepted.Operation())
	if url := dashboard(f.want(200)(f.Fetch(t.Context(), i))); url != dashboard(accepted) {
		t.Errorf("fetching got %q, the create %q", url, dashboard(accepted))
	}
}

// TestExtrasTimeLimit ends a create by the plan's limit, not the broker's.
func TestExtrasTimeLimit(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	i := f.instance("extras", "late")
	o := f.ended(i, f.want(202)(f.Provision(t.Context(), i, nil)).Operation())
	if o.State != "failed" || !strings.Contains(o.Description, "0 of 1 pods ready") || !strings.Contains(o.Description, "time limit 30s") {
		t.Errorf("the create ended as %+v", o)
	}
}

// provisionAtOnce asks for instances of the plan with the quota, each as often
// as it is named, all at the same time.
func (f *foundation) provisionAtOnce(instances ...rig.Instance) (accepted []rig.Instance, refused int) {
	f.t.Helper()
	answers := make([]rig.Answer, len(instances))
	var storm sync.WaitGroup
	for n, i := range instances {
		storm.Go(func() {
			var err error
			if answers[n], err = f.Provision(f.t.Context(), i, nil); err != nil {
				f.t.Error(err)
			}
		})
	}
	storm.Wait()
	for n, answer := range answers {
		switch {
		case answer.Status == 202:
			accepted = append(accepted, instances[n])
		case answer.Status == 422 && strings.Contains(answer.Description(), "as many as its quota allows"):
			refused++
		default:
			f.t.Errorf("a create was answered %d %s", answer.Status, answer.Body)
		}
	}
	return accepted, refused
}

// TestExtrasQuota makes as many instances as there may be, also of requests
// that come at once.
func TestExtrasQuota(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	var wanted []rig.Instance
	for range 6 {
		wanted = append(wanted, f.instance("extras", "two"))
	}
	made, refused := f.provisionAtOnce(wanted...)
	if len(made) != 2 || refused != 4 || f.recordCount() != 2 {
		t.Fatalf("%d creates were accepted, %d refused, %d instances are recorded, want 2, 4, 2", len(made), refused, f.recordCount())
	}
	f.ready(made[0], "")
	f.ready(made[1], "")
	f.want(200)(f.Provision(t.Context(), made[0], nil)) // it is counted already
	full := f.create("extras", "full", nil)
	change := map[string]any{"plan_id": made[0].Plan.ID}
	f.want(422)(f.Update(t.Context(), full, change))
	f.delete(made[0])
	f.update(full, change)
	f.want(422)(f.Provision(t.Context(), f.instance("extras", "two"), nil))
}

// TestExtrasQuotaTwice answers a request that comes twice at once in the same
// way, also for the last instance that there may be.
func TestExtrasQuotaTwice(t *testing.T) {
	f := newFoundation(t, extrasChart, nil)
	f.want(202)(f.Provision(t.Context(), f.instance("extras", "two"), nil))
	last := f.instance("extras", "two")
	if _, refused := f.provisionAtOnce(last, last, last, last); refused != 0 {
		t.Errorf("%d of four same creates were refused", refused)
	}
}
