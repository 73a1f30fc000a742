package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// newCredHub is a foundation whose broker, started again, keeps credentials in CredHub.
// Before that, before is called.
func newCredHub(t *testing.T, settings map[string]string, before func(f *foundation)) *foundation {
	t.Helper()
	f := newFoundation(t, sampleCharts, settings)
	before(f)
	client := cf.Client{ID: "vault", Secret: uuid.NewString(), Authorities: []string{"credhub.read", "credhub.write"}}
	f.cf.AddClient(client)
	f.cf.Permit(client.ID, "/c/cf-helm-broker/*")
	f.restart(map[string]string{"CH_CRED_HUB_URL": f.cf.URL() + "/credhub", "CH_UAA_CLIENT_NAME": client.ID, "CH_UAA_CLIENT_SECRET": client.Secret})
	return f
}

// nameInCredHub is where a binding's credentials are kept.
func nameInCredHub(i rig.Instance, binding string) string {
	return "/c/cf-helm-broker/" + i.Service.Name + "/" + binding + "/secrets-and-services"
}

// wantReference fails unless the answer refers to CredHub, and to nothing else.
func (f *foundation) wantReference(answer rig.Answer, i rig.Instance, binding string) {
	f.t.Helper()
	var body struct{ Credentials map[string]any }
	f.must(answer.Decode(&body))
	if want := map[string]any{"credhub-ref": nameInCredHub(i, binding)}; !maps.Equal(body.Credentials, want) {
		f.t.Errorf("the credentials are %v, want %v", body.Credentials, want)
	}
}

// nothingInCredHub fails if credentials or permissions of the bindings are left there.
func (f *foundation) nothingInCredHub(i rig.Instance, bindings ...string) {
	f.t.Helper()
	for _, b := range bindings {
		name := nameInCredHub(i, b)
		if readers := f.cf.Readers()[name]; f.cf.Credentials()[name] != "" || len(readers) > 0 {
			f.t.Errorf("of %s CredHub has %q for %v", name, f.cf.Credentials()[name], readers)
		}
	}
}

// issued are the credentials of an answer, and the password among them.
func (f *foundation) issued(answer rig.Answer) (credentials, password string) {
	f.t.Helper()
	var body struct{ Credentials json.RawMessage }
	f.must(answer.Decode(&body))
	var redis struct{ Password string }
	f.must(json.Unmarshal(body.Credentials, &redis))
	if redis.Password == "" {
		f.t.Fatalf("there is no password in %s", body.Credentials)
	}
	return string(body.Credentials), redis.Password
}

// TestCredHub: an app is given a reference and reads by it what it was given before, others
// don't, and nothing is left of it after unbind or delete. What was bound before stays as it
// was, and it is off unless it is set.
func TestCredHub(t *testing.T) {
	var i rig.Instance
	var plain, password string
	before, first := uuid.NewString(), uuid.NewString()
	f := newCredHub(t, nil, func(f *foundation) {
		i = f.create("redis", "cache", nil)
		plain, password = f.issued(f.want(201)(f.Bind(t.Context(), i, before, f.app())))
		for route := range f.cf.Requests() {
			if strings.Contains(route, "credhub") {
				t.Errorf("CredHub was asked: %s", route)
			}
		}
	})
	app := f.app()
	f.wantReference(f.want(201)(f.Bind(t.Context(), i, first, app)), i, first)
	f.wantReference(f.want(200)(f.Bind(t.Context(), i, first, app)), i, first)
	f.wantReference(f.want(200)(f.FetchBinding(t.Context(), i, first)), i, first)
	if read, ok := f.cf.ReadCredential("mtls-app:"+app, nameInCredHub(i, first)); !ok || !strings.Contains(read, password) {
		t.Errorf("the app reads %q (%v) and is to read what others were given: %s", read, ok, plain)
	}
	if readers := f.cf.Readers()[nameInCredHub(i, first)]; len(readers) != 1 {
		t.Errorf("it is read by %v", readers)
	}
	if fetched, _ := f.issued(f.want(200)(f.FetchBinding(t.Context(), i, before))); fetched != plain {
		t.Errorf("what was bound before has %s now, not %s", fetched, plain)
	}

	// A service key is read by whom the platform names, and handed out where it names nobody.
	key, open := uuid.NewString(), uuid.NewString()
	body := map[string]any{"service_id": i.Service.ID, "plan_id": i.Plan.ID, "bind_resource": map[string]any{"credential_client_id": "cc_service_key_client"}}
	f.wantReference(f.want(201)(f.Send(t.Context(), http.MethodPut, "/v2/service_instances/"+i.ID+"/service_bindings/"+key, body)), i, key)
	if readers := f.cf.Readers()[nameInCredHub(i, key)]; !slices.Equal(readers, []string{"uaa-client:cc_service_key_client"}) {
		t.Errorf("the key is read by %v", readers)
	}
	f.issued(f.want(201)(f.Bind(t.Context(), i, open, "")))

	if found := f.check(0, nil); found["CredHub"].State != check.OK || found["UAA of CredHub"].State != check.OK {
		t.Errorf("the check finds %+v and %+v", found["CredHub"], found["UAA of CredHub"])
	}
	shown, _ := f.command(0, f.settings, "instances", "show", i.ID)
	if !strings.Contains(shown, nameInCredHub(i, first)) {
		t.Error("what is shown doesn't say where the credentials are")
	}
	f.want(200)(f.Unbind(t.Context(), i, first))
	f.nothingInCredHub(i, first)

	// Turned off, it isn't asked any more, and says what it leaves there.
	f.want(201)(f.Bind(t.Context(), i, first, app))
	credHub := maps.Clone(f.settings)
	f.restart(map[string]string{"CH_CRED_HUB_URL": "", "CH_UAA_CLIENT_NAME": "", "CH_UAA_CLIENT_SECRET": ""})
	f.wantReference(f.want(200)(f.FetchBinding(t.Context(), i, first)), i, first)
	f.want(200)(f.Unbind(t.Context(), i, first))
	if log := f.broker.Log(); !strings.Contains(log, "credentials-left") || !strings.Contains(log, nameInCredHub(i, first)) || strings.Contains(log, password) {
		t.Error("the log doesn't say what is left in CredHub, or too much")
	}
	f.restart(credHub)
	f.want(201)(f.Bind(t.Context(), i, first, app)) // over what was left
	f.delete(i)
	f.nothingInCredHub(i, first, key)
	if strings.Contains(f.broker.Log(), password) {
		t.Error("the log has the password")
	}
}

// TestCredHubDown: a bind that can't keep its credentials fails and leaves nothing, also one
// that was cut short, and what an unbind couldn't remove goes when CredHub is back.
func TestCredHubDown(t *testing.T) {
	f := newCredHub(t, map[string]string{"POLICY_RESYNC": "500ms", "BIND_TIMEOUT": "1s"}, func(*foundation) {})
	i, app := f.create("redis", "cache", nil), f.app()
	binding := uuid.NewString()
	for _, route := range []string{"PUT /credhub/api/v1/data", "POST /credhub/api/v2/permissions"} {
		for _, kind := range []cf.Kind{cf.Down, cf.AnswerLost} {
			f.cf.Fault(cf.CredHub, cf.Fault{Kind: kind, Route: route})
			answer := f.want(503)(f.Bind(t.Context(), i, binding, app))
			f.cf.Clear()
			if words := answer.Description(); !strings.Contains(words, "CredHub") || !strings.Contains(words, "try again in a moment") {
				t.Errorf("%s %s: %s", route, kind, words)
			}
			f.nothingInCredHub(i, binding)
			f.wantPolicies()
		}
	}
	policy := cf.NewPolicy(app, i.ID, "tcp", 6379, 6379)
	f.want(201)(f.Bind(t.Context(), i, binding, app)) // what is left of the last one is the same request's
	f.wantPolicies(policy)

	f.cf.Fault(cf.CredHub, cf.Fault{Kind: cf.Down})
	inOneRequest := "/v2/service_instances/" + i.ID + "/service_bindings/" + binding + "?service_id=" + i.Service.ID + "&plan_id=" + i.Plan.ID
	if words := f.want(503)(f.Send(t.Context(), http.MethodDelete, inOneRequest, nil)).Description(); !strings.Contains(words, "removing the credentials from CredHub") {
		t.Error(words)
	}
	f.wantPolicies() // whatever CredHub does
	if len(f.cf.Readers()[nameInCredHub(i, binding)]) != 1 {
		t.Fatal("the permission is gone, and CredHub was down")
	}
	f.must(f.broker.Kill())
	f.start()
	f.cf.Clear()
	f.noTombstones(i)
	f.nothingInCredHub(i, binding)

	// The record says what there may be before there is anything.
	f.cf.Fault(cf.CredHub, cf.Fault{Kind: cf.Slow, Delay: patience, Route: "POST /credhub/api/v2/permissions"})
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = f.Bind(t.Context(), i, binding, app) // it ends with the process
	}()
	f.eventually("the credentials are in CredHub", func() bool { return f.cf.Credentials()[nameInCredHub(i, binding)] != "" })
	records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record=binding"})
	f.must(err)
	if len(records.Items) != 1 || !strings.Contains(string(records.Items[0].Data["record"]), nameInCredHub(i, binding)) {
		t.Errorf("there are %d records, and none names what is in CredHub", len(records.Items))
	}
	f.must(f.broker.Kill())
	<-cut
	f.cf.Clear()
	f.start()
	f.noTombstones(i)
	f.nothingInCredHub(i, binding)
	f.wantPolicies()
	f.delete(i)
}
