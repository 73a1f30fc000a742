package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestBadInput sends what no platform should, and holds each answer against
// OSBAPI's status and the words that help.
func TestBadInput(t *testing.T) {
	f := newFoundation(t, "../../charts", nil)
	redis, cache, err := f.catalog.Find("redis", "cache")
	f.must(err)
	echo, single, err := f.catalog.Find("echo", "single")
	f.must(err)
	existing := f.create("echo", "single", nil)
	id := uuid.NewString()
	const async = "?accepts_incomplete=true"
	provision := func(service, plan string, parameters string) string {
		return `{"service_id":"` + service + `","plan_id":"` + plan + `","organization_guid":"o","space_guid":"s","parameters":` + parameters + `}`
	}
	good := provision(redis.ID, cache.ID, "{}")
	bindTo := "/v2/service_instances/" + existing.ID + "/service_bindings/"
	for name, bad := range map[string]struct {
		method, path, body string
		status             int
		words              string
	}{
		"unknown service":         {"PUT", "/v2/service_instances/" + id + async, provision("nope", cache.ID, "{}"), 400, "catalog"},
		"unknown plan":            {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, "nope", "{}"), 400, "catalog"},
		"plan of another":         {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, single.ID, "{}"), 400, "no service"},
		"no service":              {"PUT", "/v2/service_instances/" + id + async, `{"plan_id":"x"}`, 400, "service_id"},
		"malformed JSON":          {"PUT", "/v2/service_instances/" + id + async, `{"service_id":`, 400, "valid JSON"},
		"no JSON":                 {"PUT", "/v2/service_instances/" + id + async, ``, 400, "JSON"},
		"a JSON list":             {"PUT", "/v2/service_instances/" + id + async, `[]`, 400, "JSON object"},
		"JSON null":               {"PUT", "/v2/service_instances/" + id + async, `null`, 400, "JSON object"},
		"a number as service":     {"PUT", "/v2/service_instances/" + id + async, `{"service_id":7,"plan_id":"x"}`, 400, "service_id"},
		"parameters a list":       {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, "[1]"), 400, "object"},
		"parameters a string":     {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `"x"`), 400, "object"},
		"against the schema":      {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `{"resources":"s3cr3t"}`), 400, "resources"},
		"not in the schema":       {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `{"nonsense":1}`), 400, "nonsense"},
		"update against schema":   {"PATCH", "/v2/service_instances/" + existing.ID + async, provision(echo.ID, single.ID, `{"replicas":"many"}`), 400, "replicas"},
		"a template":              {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `{"a":["{{ lookup }}"]}`), 400, "the parameter a.0 holds"},
		"a template as key":       {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `{"{{ x }}":1}`), 400, "parameter (a key) holds"},
		"maintenance_info":        {"PUT", "/v2/service_instances/" + id + async, strings.Replace(good, "{", `{"maintenance_info":{"version":"9.9.9"},`, 1), 422, "MaintenanceInfoConflict"},
		"dots and slashes":        {"PUT", "/v2/service_instances/..%2F..%2Fetc" + async, good, 400, "can't be used"},
		"upper case":              {"PUT", "/v2/service_instances/" + strings.ToUpper(id) + async, good, 400, "lower-case"},
		"300 characters":          {"PUT", "/v2/service_instances/" + strings.Repeat("a", 300) + async, good, 400, "at most"},
		"odd binding id":          {"PUT", bindTo + "..%2Fx", provision(echo.ID, single.ID, "{}"), 400, "can't be used"},
		"no async":                {"PUT", "/v2/service_instances/" + id, good, 422, "AsyncRequired"},
		"no async delete":         {"DELETE", "/v2/service_instances/" + existing.ID + "?service_id=" + echo.ID + "&plan_id=" + single.ID, "", 422, "AsyncRequired"},
		"unknown instance":        {"DELETE", "/v2/service_instances/" + id + async + "&service_id=a&plan_id=b", "", 410, ""},
		"poll unknown instance":   {"GET", "/v2/service_instances/" + id + "/last_operation", "", 410, ""},
		"bind unknown instance":   {"PUT", "/v2/service_instances/" + id + "/service_bindings/" + id, good, 404, "does not exist"},
		"unbind unknown binding":  {"DELETE", bindTo + id + "?service_id=a&plan_id=b", "", 410, ""},
		"bind with other plan":    {"PUT", bindTo + id, good, 400, "the service instance is of"},
		"app that is no GUID":     {"PUT", bindTo + id, `{"service_id":"` + echo.ID + `","plan_id":"` + single.ID + `","app_guid":"x; DROP"}`, 400, "app_guid"},
		"bind to a route":         {"PUT", bindTo + id, `{"service_id":"` + echo.ID + `","plan_id":"` + single.ID + `","bind_resource":{"route":"x"}}`, 400, "route"},
		"other parameters":        {"PUT", "/v2/service_instances/" + existing.ID + async, provision(echo.ID, single.ID, `{"replicas":2}`), 409, "exists already"},
		"update to no plan":       {"PATCH", "/v2/service_instances/" + existing.ID + async, provision(echo.ID, "nope", "{}"), 400, "not a plan of the instance's service"},
		"update of other service": {"PATCH", "/v2/service_instances/" + existing.ID + async, provision(redis.ID, cache.ID, "{}"), 400, "can't change its service"},
		"update to other version": {"PATCH", "/v2/service_instances/" + existing.ID + async, `{"service_id":"` + echo.ID + `","maintenance_info":{"version":"9.9.9"}}`, 422, "MaintenanceInfoConflict"},
		"update without async":    {"PATCH", "/v2/service_instances/" + existing.ID, provision(echo.ID, single.ID, `{"replicas":2}`), 422, "AsyncRequired"},
		"update of nothing":       {"PATCH", "/v2/service_instances/" + id + async, provision(echo.ID, single.ID, "{}"), 404, "does not exist"},
		"fetch nothing":           {"GET", "/v2/service_instances/" + id, "", 404, "does not exist"},
		"fetch no binding":        {"GET", bindTo + id, "", 404, "does not exist"},
		"nothing there":           {"GET", "/v3/else", "", 404, "/v2"},
		"50 MB":                   {"PUT", "/v2/service_instances/" + id + async, provision(redis.ID, cache.ID, `{"x":"`+strings.Repeat("x", 50<<20)+`"}`), 400, "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := f.Send(t.Context(), bad.method, bad.path, []byte(bad.body))
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != bad.status || !strings.Contains(string(answer.Body), bad.words) {
				t.Errorf("answered %d %.500s, want %d and %q", answer.Status, answer.Body, bad.status, bad.words)
			}
		})
	}
	f.nothingMade(existing.ID)
}

// nothingMade fails if there is a namespace or record besides those of the
// one instance that the test made.
func (f *foundation) nothingMade(besides string) {
	f.t.Helper()
	namespaces, err := kube.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	for _, n := range namespaces.Items {
		if strings.HasPrefix(n.Name, f.settings["NAMESPACE_PREFIX"]) && n.Name != f.settings["BROKER_NAMESPACE"] && n.Name != f.namespace(rig.Instance{ID: besides}) {
			f.t.Errorf("namespace %s was made", n.Name)
		}
	}
	records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record"})
	f.must(err)
	if len(records.Items) != 1 {
		f.t.Errorf("there are %d records, want 1", len(records.Items))
	}
}

func TestDoor(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	for name, knock := range map[string]struct {
		edit   func(*http.Request)
		status int
		words  string
	}{
		"no credentials":    {func(r *http.Request) { r.Header.Del("Authorization") }, 401, "credentials"},
		"wrong password":    {func(r *http.Request) { r.SetBasicAuth("platform", "guess") }, 401, "credentials"},
		"wrong user":        {func(r *http.Request) { r.SetBasicAuth("guess", "platform-password") }, 401, "credentials"},
		"no version":        {func(r *http.Request) { r.Header.Del("X-Broker-API-Version") }, 412, "X-Broker-API-Version"},
		"version 1":         {func(r *http.Request) { r.Header.Set("X-Broker-API-Version", "1.0") }, 412, "X-Broker-API-Version"},
		"no version at all": {func(r *http.Request) { r.Header.Set("X-Broker-API-Version", "latest") }, 412, "X-Broker-API-Version"},
		"all right":         {func(*http.Request) {}, 200, "services"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/v2/catalog", bytes.NewReader(nil))
			f.must(err)
			request.SetBasicAuth(f.Username, f.Password)
			request.Header.Set("X-Broker-API-Version", "2.17")
			knock.edit(request)
			answer, err := f.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != knock.status || !strings.Contains(string(answer.Body), knock.words) {
				t.Errorf("answered %d %s, want %d and %q", answer.Status, answer.Body, knock.status, knock.words)
			}
			if answer.Header.Get("X-Correlation-ID") == "" {
				t.Error("the answer has no correlation id")
			}
		})
	}
}

// TestUnbindable refuses a bind by the plan's own word.
func TestUnbindable(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "unbindable", nil)
	answer := f.want(400)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if !strings.Contains(answer.Description(), "not bindable") {
		t.Errorf("refused with %s", answer.Body)
	}
}

// TestRepeats sends the same requests again, as platforms do.
func TestRepeats(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.instance("fixture", "plain")
	parameters := map[string]any{"number": 1}
	operation := f.want(202)(f.Provision(t.Context(), i, parameters)).Operation()
	if again := f.want(202)(f.Provision(t.Context(), i, parameters)).Operation(); again != operation && again != "" {
		t.Errorf("the same create again got operation %q, want %q", again, operation)
	}
	f.ready(i, operation)
	f.want(200)(f.Provision(t.Context(), i, parameters))
	f.want(409)(f.Provision(t.Context(), i, map[string]any{"number": 2}))
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	f.want(409)(f.Bind(t.Context(), i, binding, f.app()))
	f.want(200)(f.Bind(t.Context(), i, binding, app))
}
