package cf_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const brokersPath = "/v3/service_brokers"

// aBroker serves a catalog that a test may change, and counts who asks for it.
type aBroker struct {
	*httptest.Server
	status  atomic.Int32
	catalog atomic.Value
}

func newBroker(t *testing.T) *aBroker {
	b := &aBroker{}
	b.status.Store(200)
	b.offers("small", "large")
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" || r.URL.Path != "/v2/catalog" || r.Header.Get("X-Broker-Api-Version") == "" {
			w.WriteHeader(401)
			return
		}
		w.WriteHeader(int(b.status.Load()))
		_, _ = io.WriteString(w, b.catalog.Load().(string))
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *aBroker) offers(plans ...string) {
	var all []string
	for _, p := range plans {
		all = append(all, fmt.Sprintf(`{"id":"s-%s","name":"%s","description":"d","maintenance_info":{"version":"1.0.0"}}`, p, p))
	}
	b.catalog.Store(`{"services":[{"id":"s","name":"redis","description":"d","bindable":true,"plans":[` + strings.Join(all, ",") + `]}]}`)
}

func body(name, url, password string) string {
	return fmt.Sprintf(`{"name":%q,"url":%q,"authentication":{"type":"basic","credentials":{"username":"u","password":%q}}}`, name, url, password)
}

// jobOf sends what is answered with a job, and returns how that ended.
func jobOf(t *testing.T, s *cf.Server, token, method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "bearer "+token)
	response, err := s.HTTPClient().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 202 {
		t.Fatalf("%s %s: %d", method, path, response.StatusCode)
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		_, job := ask(t, s, token, "GET", strings.TrimPrefix(response.Header.Get("Location"), s.URL()), "")
		if !strings.Contains(job, `"PROCESSING"`) {
			return job
		}
	}
	t.Fatal("the job goes on")
	return ""
}

// The cloud controller's rules of service brokers: who sees and changes them, and its words.
func TestServiceBrokers(t *testing.T) {
	s, b := start(t, cf.Options{Client: ccAdmin}), newBroker(t)
	developer := cf.Client{ID: "developer", Secret: "d", Spaces: []string{s.Space()}, Authorities: []string{"cloud_controller.read", "cloud_controller.write"}}
	auditor := cf.Client{ID: "auditor", Secret: "a", Authorities: []string{"cloud_controller.global_auditor", "cloud_controller.write"}}
	tokens := map[string]string{}
	for _, c := range []cf.Client{ccAdmin, developer, auditor} {
		s.AddClient(c)
		tokens[c.ID] = tokenOf(t, s, c)
	}
	if job := jobOf(t, s, tokens["operator"], "POST", brokersPath, body("own", b.URL, "p")); !strings.Contains(job, `"COMPLETE"`) || !strings.Contains(job, "service_broker.catalog.synchronize") {
		t.Fatal(job)
	}
	own := brokersPath + "/" + s.ServiceBrokers()[0].GUID
	plan := "/v3/service_plans/" + s.ServicePlans()[0].GUID + "/visibility"
	org := func() string {
		_, text := ask(t, s, tokens["operator"], "GET", "/v3/organizations?names=demo", "")
		_, text, _ = strings.Cut(text, `"guid":"`)
		guid, _, _ := strings.Cut(text, `"`)
		return guid
	}()
	for _, test := range []struct {
		fact, as, method, path, body string
		status                       int
		want                         string
	}{
		{"an admin sees it, and no password", "operator", "GET", brokersPath + "?names=own,none", "", 200, `"relationships":{},"metadata"`},
		{"an auditor sees it", "auditor", "GET", own, "", 200, `"name":"own"`},
		{"a developer doesn't", "developer", "GET", brokersPath, "", 200, `"total_results":0`},
		{"nor by its GUID", "developer", "GET", own, "", 404, "Service broker not found"},
		{"a developer creates none", "developer", "POST", brokersPath, body("x", b.URL, "p"), 403, "CF-NotAuthorized"},
		{"an auditor changes none", "auditor", "PATCH", own, `{"name":"x"}`, 403, "CF-NotAuthorized"},
		{"a developer deletes what it doesn't see", "developer", "DELETE", own, "", 404, "Service broker not found"},
		{"a name that is taken", "operator", "POST", brokersPath, body("own", b.URL, "p"), 422, "Name must be unique"},
		{"no name", "operator", "POST", brokersPath, `{}`, 422, "Name must be a string, Url must be a string, Authentication must be an object"},
		{"what is no URL", "operator", "PATCH", own, `{"url":"broker"}`, 422, "Url 'broker' must be a valid url"},
		{"a URL with a password", "operator", "PATCH", own, `{"url":"https://u:p@x"}`, 422, "Url must not contain authentication"},
		{"a field that it doesn't have", "operator", "PATCH", own, `{"space":"x"}`, 422, "Unknown field(s): 'space'"},
		{"a filter that it doesn't have", "operator", "GET", brokersPath + "?urls=x", "", 400, "Unknown query parameter(s): 'urls'"},
		{"its offerings", "operator", "GET", "/v3/service_offerings?service_broker_guids=" + s.ServiceBrokers()[0].GUID, "", 200, `"name":"redis"`},
		{"its plans", "operator", "GET", "/v3/service_plans?service_broker_names=own&service_broker_guids=" + s.ServiceBrokers()[0].GUID, "", 200, `"total_results":2`},
		{"a new plan is an admin's", "operator", "GET", plan, "", 200, `{"type":"admin"}`},
		{"which a developer doesn't see", "developer", "GET", plan, "", 404, "Service plan not found"},
		{"and an auditor doesn't change", "auditor", "PATCH", plan, `{"type":"public"}`, 403, "CF-NotAuthorized"},
		{"for an organization", "operator", "PATCH", plan, `{"type":"organization","organizations":[{"guid":"` + org + `"}]}`, 200, `"name":"demo"`},
		{"for one that isn't there", "operator", "PATCH", plan, `{"type":"organization","organizations":[{"guid":"no"}]}`, 400, "Could not find Organization with guid: no"},
		{"for no organization", "operator", "PATCH", plan, `{"type":"organization"}`, 400, "Organizations can't be blank"},
		{"of an unknown type", "operator", "PATCH", plan, `{"type":"space"}`, 400, "Type must be one of 'public', 'admin', 'organization'"},
		{"what was refused changed nothing", "operator", "GET", plan, "", 200, `"type":"organization"`},
		{"for all", "operator", "PATCH", plan, `{"type":"public"}`, 200, `{"type":"public"}`},
		{"which a developer sees", "developer", "GET", plan, "", 200, `{"type":"public"}`},
	} {
		t.Run(test.fact, func(t *testing.T) {
			status, body := ask(t, s, tokens[test.as], test.method, test.path, test.body)
			if status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d with %s", status, body, test.status, test.want)
			}
		})
	}
}

// A job reads the broker's catalog, and fails in the cloud controller's words.
func TestServiceBrokerJobs(t *testing.T) {
	s, b := start(t, cf.Options{Client: ccAdmin}), newBroker(t)
	token := tokenOf(t, s, ccAdmin)
	for n, test := range []struct {
		url, password string
		status        int
		title         string
	}{
		{"http://127.0.0.1:1", "p", 200, "CF-ServiceBrokerApiUnreachable"},
		{b.URL, "wrong", 200, "CF-ServiceBrokerApiAuthenticationFailed"},
		{b.URL, "p", 404, "CF-ServiceBrokerRequestRejected"},
		{b.URL, "p", 503, "CF-ServiceBrokerBadResponse"},
	} {
		b.status.Store(int32(test.status))
		name := fmt.Sprint("b", n)
		if job := jobOf(t, s, token, "POST", brokersPath, body(name, test.url, test.password)); !strings.Contains(job, test.title) || !strings.Contains(job, `"FAILED"`) {
			t.Errorf("%s: %s", test.title, job)
		}
		if all := s.ServiceBrokers(); len(all) != n+1 || all[n].Name != name {
			t.Errorf("a broker whose creation failed stays: %+v", all)
		}
	}
	b.status.Store(200)
	path := brokersPath + "/" + s.ServiceBrokers()[0].GUID
	b.catalog.Store(`{"services":[]}`)
	if job := jobOf(t, s, token, "PATCH", path, body("b0", b.URL, "p")); !strings.Contains(job, "must provide at least one service") || s.ServiceBrokers()[0].URL == b.URL {
		t.Errorf("an update that failed: %s, %+v", job, s.ServiceBrokers())
	}
	b.offers("small", "large")
	jobOf(t, s, token, "PATCH", path, body("b0", b.URL, "p"))
	instance := s.AddServiceInstance(s.ServicePlans()[0].GUID)
	b.offers("medium")
	jobOf(t, s, token, "PATCH", path, body("b0", b.URL, "p"))
	if plans := s.ServicePlans(); len(plans) != 2 || plans[0].Available || plans[0].Name != "small" || !plans[1].Available || plans[1].Name != "medium" {
		t.Errorf("what left the catalog stays with its instance alone: %+v", plans)
	}
	if status, answer := ask(t, s, token, "DELETE", path, ""); status != 422 || !strings.Contains(answer, "Can not remove brokers that have associated service instances: b0") {
		t.Errorf("%d %s", status, answer)
	}
	if _, answer := ask(t, s, token, "GET", "/v3/service_instances?service_plan_guids="+s.ServicePlans()[0].GUID, ""); !strings.Contains(answer, `"total_results":1`) {
		t.Error(answer)
	}
	s.DeleteServiceInstance(instance)
	if job := jobOf(t, s, token, "DELETE", path, ""); !strings.Contains(job, "service_broker.delete") || len(s.ServiceBrokers()) != 3 || len(s.ServicePlans()) != 0 {
		t.Errorf("deleted: %s, %+v", job, s.ServiceBrokers())
	}
}
