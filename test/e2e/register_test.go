package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// registrar runs `broker register` and `broker deregister` from beside a broker.
type registrar struct {
	*foundation
	settings map[string]string
}

func (f *foundation) registrar(client cf.Client) registrar {
	f.cf.AddClient(client)
	return registrar{f, map[string]string{
		"CF_API_ADDRESS": f.cf.URL(), "CF_CLIENT_ID": client.ID, "CF_CLIENT_SECRET": client.Secret,
		"CF_BROKER_URL": f.broker.URL(), "SECURITY_USER_NAME": rig.Username, "SECURITY_USER_PASSWORD": rig.Password,
		"HELM_CHART_DIR": f.settings["HELM_CHART_DIR"],
	}}
}

// run fails unless the command ends with the exit status and says all of these words.
func (r registrar) run(exit int, command string, words ...string) (stdout string) {
	r.t.Helper()
	stdout, stderr := r.command(exit, r.settings, command, "--wait", "4m")
	r.contains(stdout+stderr, words...)
	return stdout
}

// access is who sees each plan that is there, as "plain all".
func (r registrar) access() (all []string) {
	for _, p := range r.cf.ServicePlans() {
		who := fmt.Sprint(p.Organizations)
		switch {
		case p.Public:
			who = "all"
		case len(p.Organizations) == 0:
			who = "none"
		}
		all = append(all, p.Name+" "+who)
	}
	slices.Sort(all)
	return all
}

func (r registrar) wantAccess(want ...string) {
	r.t.Helper()
	if have := r.access(); !slices.Equal(have, want) {
		r.t.Errorf("access is %q, want %q", have, want)
	}
}

// TestRegister has Cloud Foundry offer a running broker's services, to whom plans.yaml
// says, as long as Cloud Foundry answers sooner or later; and not any more.
func TestRegister(t *testing.T) {
	folder := shelf(t, "charts/fixture")
	plans := filepath.Join(folder, "fixture", "plans.yaml")
	edit(t, plans, "- name: wide\n", "- name: wide\n  access: none\n")
	edit(t, plans, "- name: unpullable\n", "- name: unpullable\n  access: [demo, team]\n")
	f := newFoundation(t, folder, nil)
	f.cf.AddSpace("team", "dev")
	r := f.registrar(cf.Client{ID: "registrar", Secret: "s3cr3t", Authorities: []string{"cloud_controller.admin"}})

	// Cloud Foundry is down at first, and the broker isn't reached at once.
	r.run(0, "deregister", "there is no service broker cf-helm-broker; nothing was changed")
	f.cf.Fault(cf.APIRoot, cf.Fault{Kind: cf.Down, Times: 1})
	f.cf.Fault(cf.CC, cf.Fault{Kind: cf.AnswerLost, Times: 1, Route: "POST /v3/service_brokers"})
	r.run(0, "register", "trying again in 1s", "service broker cf-helm-broker was created, at "+f.broker.URL(),
		"plan fixture/plain is offered, in version 1.0.0", "plan fixture/plain: access none became all",
		"plan fixture/unpullable: access none became [demo, team]")
	r.wantAccess("plain all", "unbindable all", "unpullable [demo team]", "wide none")
	before := f.cf.ServicePlans()
	if out := r.run(0, "register"); !strings.HasSuffix(out, "nothing has changed\n") || strings.Count(out, "\n") != 1 {
		t.Errorf("the second run says %q", out)
	}
	if b := f.cf.ServiceBrokers(); len(b) != 1 || b[0].Username != rig.Username || b[0].Password != rig.Password || len(f.cf.ServicePlans()) != len(before) {
		t.Errorf("afterwards there are %+v", b)
	}

	// Access changes in plans.yaml alone; one organization isn't there.
	edit(t, plans, "access: [demo, team]", "access: [team, lost]")
	edit(t, plans, "access: none", "access: all")
	r.run(1, "register", "plan fixture/unpullable: access [demo, team] became [team]", "plan fixture/wide: access none became all",
		`plan fixture/unpullable: access names the organization "lost", which Cloud Foundry doesn't have`)
	r.wantAccess("plain all", "unbindable all", "unpullable [team]", "wide all")

	// The broker has read another catalog, and Cloud Foundry not yet.
	edit(t, plans, "access: [team, lost]", "access: all")
	edit(t, plans, "- name: unbindable\n", "- name: single\n")
	_, told := f.command(1, r.settings, "register", "--wait", "20s")
	f.contains(told, "the broker's catalog lacks fixture/single 1.0.0", "plan fixture/unbindable is in the broker's catalog and not in the charts", "have them read their charts again")
	late := r.readsChartsLate()
	late.run(0, "register", "plan fixture/single is offered, in version 1.0.0", "plan fixture/unbindable is offered no longer", "plan fixture/single: access none became all")
	r.run(0, "register", "its URL "+late.settings["CF_BROKER_URL"]+" became "+f.broker.URL())
	r.wantAccess("plain all", "single all", "unpullable all", "wide all")
	r.refusals()

	instance := f.cf.AddServiceInstance(f.cf.ServicePlans()[0].GUID)
	r.run(1, "deregister", "it has 1 service instance; delete them", "Can not remove brokers that have associated service instances: cf-helm-broker")
	f.cf.DeleteServiceInstance(instance)
	r.run(0, "deregister", "service broker cf-helm-broker was deleted")
	if left := f.cf.ServiceBrokers(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// readsChartsLate is for a broker that gives the catalog from before, once, as an old pod does.
func (r registrar) readsChartsLate() registrar {
	to, err := url.Parse(r.broker.URL())
	r.must(err)
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, request)
		once.Do(func() { _, _ = r.Send(request.Context(), http.MethodPost, "/admin/charts/reload", nil) })
	}))
	r.t.Cleanup(server.Close)
	return r.with(map[string]string{"CF_BROKER_URL": server.URL})
}

// with has other settings.
func (r registrar) with(change map[string]string) registrar {
	other := registrar{r.foundation, maps.Clone(r.settings)}
	maps.Copy(other.settings, change)
	return other
}

// refusals are what can't get better by itself, and is said at once.
func (r registrar) refusals() {
	r.t.Helper()
	for words, change := range map[string]map[string]string{
		"give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin": {
			"CF_CLIENT_ID": r.cf.Client().ID, "CF_CLIENT_SECRET": r.cf.Client().Secret},
		"check CF_CLIENT_ID and CF_CLIENT_SECRET":                 {"CF_CLIENT_SECRET": "wrong"},
		"Authentication with the service broker failed.":          {"SECURITY_USER_PASSWORD": "wrong"},
		"(CF_BROKER_URL) is the broker's address, without a path": {"CF_BROKER_URL": r.cf.URL()},
	} {
		r.with(change).run(1, "register", words)
	}
	r.run(0, "register", "nothing has changed")
}

// router is an address that Cloud Foundry knows, whichever broker is behind it.
type router struct {
	*httptest.Server
	to atomic.Pointer[url.URL] // nil: nobody is there
}

func newRouter(t *testing.T) *router {
	r := &router{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if to := r.to.Load(); to != nil {
			httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, request)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *router) leadTo(b *rig.Broker) {
	to, err := url.Parse(b.URL())
	if err != nil {
		panic(err) // the rig's own URL
	}
	r.to.Store(to)
}

// TestRegistersItself has the broker register itself, though Cloud Foundry doesn't reach
// it at first, and again when its charts have changed.
func TestRegistersItself(t *testing.T) {
	folder := shelf(t, "charts/fixture")
	plans := filepath.Join(folder, "fixture", "plans.yaml")
	router := newRouter(t)
	f := newFoundation(t, folder, map[string]string{"CF_BROKER_REGISTER": "true", "CF_BROKER_URL": router.URL, "CF_BROKER_NAME": "own"})
	f.eventually("it was tried once", func() bool { return len(f.cf.ServiceBrokers()) == 1 })
	router.leadTo(f.broker)
	r := registrar{foundation: f}
	f.eventually("the broker is registered", func() bool {
		return slices.Equal(r.access(), []string{"plain all", "unbindable all", "unpullable all", "wide all"})
	})
	edit(t, plans, "- name: wide\n", "- name: wider\n  access: [demo]\n")
	f.reload()
	f.eventually("the change is registered", func() bool {
		return slices.Equal(r.access(), []string{"plain all", "unbindable all", "unpullable all", "wider [demo]"})
	})
	if brokers := f.cf.ServiceBrokers(); len(brokers) != 1 || brokers[0].Name != "own" || brokers[0].URL != router.URL {
		t.Errorf("registered is %+v", brokers)
	}
	f.eventually("the log says so", func() bool { return strings.Contains(f.broker.Log(), "registering.registered") })
}

// TestKeepsThePassword changes the password as docs/operate.md has it, with two replicas
// that register themselves: Cloud Foundry has the first line's, also from who leads next.
func TestKeepsThePassword(t *testing.T) {
	const before, after = rig.Password, "s3cr3t-after"
	file := filepath.Join(t.TempDir(), "credentials")
	replace(t, file, rig.Username+":"+before+"\n")
	router := newRouter(t)
	f := newFoundation(t, shelf(t, "charts/fixture"), map[string]string{
		"SECURITY_USER_NAME": "", "SECURITY_USER_PASSWORD": "", "CREDENTIALS_FILE": file,
		"CF_BROKER_REGISTER": "true", "CF_BROKER_URL": router.URL,
	})
	router.leadTo(f.broker)
	has := func(password string) func() bool {
		return func() bool {
			b := f.cf.ServiceBrokers()
			return len(b) == 1 && b[0].Password == password
		}
	}
	f.eventually("Cloud Foundry has the password", has(before))
	f.eventually("it is registered", func() bool { return strings.Contains(f.broker.Log(), "registering.registered") })
	other := f.replica()

	replace(t, file, rig.Username+":"+after+"\n"+rig.Username+":"+before+"\n")
	f.eventually("Cloud Foundry has the new password", has(after))
	replace(t, file, rig.Username+":"+after+"\n")
	router.leadTo(other)
	f.must(f.broker.Stop())
	f.eventually("the next leader has registered it", func() bool { return strings.Contains(other.Log(), "registering.registered") })
	if !has(after)() {
		t.Errorf("Cloud Foundry has %+v", f.cf.ServiceBrokers())
	}
}

// TestAnothersName has a second broker with the first one's name: it leaves the first one's
// registration alone, by command and by itself, until it is told to take it over.
func TestAnothersName(t *testing.T) {
	f := newFoundation(t, shelf(t, "charts/fixture"), nil)
	r := f.registrar(cf.Client{ID: "registrar", Secret: "s3cr3t", Authorities: []string{"cloud_controller.admin"}})
	r.run(0, "register")
	before, access := f.cf.ServiceBrokers(), r.access()

	router := newRouter(t)
	settings := maps.Clone(f.settings)
	maps.Copy(settings, r.settings)
	settings["HELM_CHART_DIR"] = shelf(t, "charts-extras/ledger")
	settings["CF_BROKER_REGISTER"], settings["CF_BROKER_URL"] = "true", router.URL
	second := *f
	second.settings = settings
	second.broker = second.replica()
	second.Client = second.broker.Client()
	router.leadTo(second.broker)
	f.must(f.broker.Stop()) // so that the second leads
	const words = "none of which is among this broker's charts: it is probably another's"
	second.eventually("the second one's log refuses", func() bool { return strings.Contains(second.broker.Log(), words) })
	var state struct{ Dependencies map[string]string }
	f.must(second.want(200)(second.Send(t.Context(), http.MethodGet, "/readyz", nil)).Decode(&state))
	if !strings.Contains(state.Dependencies["registration"], words) {
		t.Errorf("/readyz says %v", state.Dependencies)
	}
	other := r.with(map[string]string{"CF_BROKER_URL": router.URL, "HELM_CHART_DIR": settings["HELM_CHART_DIR"]})
	other.run(1, "register", words, "--take-over")
	other.run(1, "deregister", words, "--take-over")
	if after := f.cf.ServiceBrokers(); !slices.Equal(after, before) {
		t.Errorf("the first one's is %+v, was %+v", after, before)
	}
	r.wantAccess(access...)

	f.command(0, other.settings, "register", "--wait", "4m", "--take-over")
	if after := f.cf.ServiceBrokers(); len(after) != 1 || after[0].URL != router.URL {
		t.Errorf("taken over: %+v", after)
	}
	// One that has moved is the same by its plans.
	other.with(map[string]string{"CF_BROKER_URL": "https://moved.example.com"}).run(0, "deregister", "was deleted")
}
