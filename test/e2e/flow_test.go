package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

func describe(p cf.Policy) string {
	return fmt.Sprintf("%s -> %s %s %d-%d", p.Source.ID, p.Destination.ID, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End)
}

// credentials are those of a binding without a template.
type credentials struct {
	Secrets []struct {
		Name string            `json:"name"`
		Data map[string]string `json:"data"`
	} `json:"secrets"`
	Services []struct {
		Name string `json:"name"`
		Spec struct {
			ClusterIP string `json:"clusterIP"`
		} `json:"spec"`
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	} `json:"services"`
	Pods []struct {
		Name  string `json:"name"`
		IP    string `json:"ip"`
		Ready bool   `json:"ready"`
	} `json:"pods"`
	Endpoints []struct {
		Host     string `json:"host"`
		Port     int    `json:"port"`
		Protocol string `json:"protocol"`
		Name     string `json:"name"`
	} `json:"endpoints"`
}

// TestFlowOfEverySample walks each plan of each sample chart through its life.
func TestFlowOfEverySample(t *testing.T) {
	overlay := netip.MustParsePrefix("10.255.0.0/16")
	for _, sample := range []struct {
		service, plan string
		port, pods    int
		fields        []string
	}{
		{"redis", "cache", 6379, 1, []string{"host", "port", "password", "uri"}},
		{"redis", "persistent", 6379, 1, []string{"host", "port", "password", "uri"}},
		{"postgresql", "small", 5432, 1, []string{"host", "port", "username", "password", "database", "uri", "jdbcUrl"}},
		{"postgresql", "medium", 5432, 1, []string{"host", "port", "username", "password", "database", "uri", "jdbcUrl"}},
		{"echo", "single", 8080, 1, []string{"host", "port", "url"}},
		{"echo", "replicated", 8080, 3, []string{"host", "port", "url"}},
	} {
		t.Run(sample.service+"/"+sample.plan, func(t *testing.T) {
			f := newFoundation(t, sampleCharts, nil)
			i := f.create(sample.service, sample.plan, nil)
			f.wantNamespace(i.ID)
			f.wantPolicies()

			app, binding := f.app(), uuid.NewString()
			answer := f.want(201)(f.Bind(t.Context(), i, binding, app))
			var body struct{ Credentials map[string]any }
			f.must(answer.Decode(&body))
			for _, field := range sample.fields {
				if value := body.Credentials[field]; value == nil || value == "" {
					t.Errorf("the credentials have no %s: %s", field, answer.Body)
				}
			}
			var addresses []string
			for _, pod := range f.pods(i) {
				addresses = append(addresses, pod.Status.PodIP)
			}
			host, _ := body.Credentials["host"].(string)
			if ip, err := netip.ParseAddr(host); err != nil || !overlay.Contains(ip) || !slices.Contains(addresses, host) || len(addresses) != sample.pods {
				t.Errorf("the host %s is not one of %d pods on the overlay: %v", host, sample.pods, addresses)
			}
			if hosts := fmt.Sprint(body.Credentials["hosts"]); len(strings.Fields(hosts)) != sample.pods || !everyIn(hosts, addresses) {
				t.Errorf("the hosts are %s, want all of %v", hosts, addresses)
			}
			if fmt.Sprint(body.Credentials["port"]) != strconv.Itoa(sample.port) {
				t.Errorf("the port is %v, want %d", body.Credentials["port"], sample.port)
			}
			f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", sample.port, sample.port))

			again := f.want(200)(f.Bind(t.Context(), i, binding, app))
			if string(again.Body) != string(answer.Body) {
				t.Errorf("the same bind again got other credentials: %s, before: %s", again.Body, answer.Body)
			}
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()
			f.want(410)(f.Unbind(t.Context(), i, binding))
			f.delete(i)
			f.want(410)(f.Deprovision(t.Context(), i))
		})
	}
}

// everyIn tells whether the text holds all of them.
func everyIn(text string, all []string) bool {
	return !slices.ContainsFunc(all, func(one string) bool { return !strings.Contains(text, one) })
}

// TestView binds to a chart without a template: the app gets the whole view.
func TestView(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"replicas": 2})
	answer := f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	var body struct{ Credentials credentials }
	f.must(answer.Decode(&body))
	c := body.Credentials
	if len(c.Secrets) != 1 || len(c.Services) != 1 || len(c.Pods) != 2 || len(c.Endpoints) != 4 {
		t.Fatalf("credentials offer %d secrets, %d services, %d pods, %d endpoints: %s", len(c.Secrets), len(c.Services), len(c.Pods), len(c.Endpoints), answer.Body)
	}
	for n, pod := range c.Pods {
		if !pod.Ready || !strings.HasPrefix(pod.IP, "10.255.") {
			t.Errorf("pod %+v is not a ready one of the overlay", pod)
		}
		web, dns := c.Endpoints[2*n], c.Endpoints[2*n+1]
		if web.Host != pod.IP || web.Port != 8080 || web.Protocol != "tcp" || web.Name != "http" {
			t.Errorf("endpoint %+v is not pod %+v's", web, pod)
		}
		if dns.Host != pod.IP || dns.Port != 5353 || dns.Protocol != "udp" || dns.Name != "dns" {
			t.Errorf("endpoint %+v is not pod %+v's", dns, pod)
		}
	}
	if strings.HasPrefix(c.Services[0].Spec.ClusterIP, "10.255.") {
		t.Errorf("the Service isn't Kubernetes' own: %+v", c.Services[0])
	}
}

// TestTemplateSees evaluates a template over all that templates see, with the
// policies on and off.
func TestTemplateSees(t *testing.T) {
	for name, c := range map[string]struct {
		api  map[string]string
		want func(overlay, cluster string) bool
	}{
		"policies on":  {nil, func(address, raw string) bool { return strings.HasPrefix(address, "10.255.") && address != raw }},
		"policies off": {map[string]string{"CF_API_ADDRESS": ""}, func(address, raw string) bool { return address == raw }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts-templated", c.api)
			i := f.create("templated", "default", map[string]any{"note": "from the user"})
			app, binding := f.app(), uuid.NewString()
			answer := f.want(201)(f.Bind(t.Context(), i, binding, app))
			var body struct {
				Credentials struct {
					Address, Raw, LoadBalancer, Hostname, Note, Valued, App, Binding, Instance, Plan, Release, Pod string
					Port, RawPort, Ingresses                                                                       int
				}
			}
			f.must(answer.Decode(&body))
			got := body.Credentials
			if !c.want(got.Address, got.Raw) {
				t.Errorf("the Service's address is %s, Kubernetes has %s", got.Address, got.Raw)
			}
			if got.Note != "from the user" || got.Valued != got.Note || got.App != app || got.Binding != binding || got.Instance != i.ID || got.Plan != "default" ||
				!strings.HasPrefix(got.Release, "k-") || !strings.HasPrefix(got.Pod, "10.255.") || got.RawPort != 80 || got.Ingresses != 1 {
				t.Errorf("the template saw %+v", got)
			}
			if c.api == nil && (got.Port != 8080 || got.LoadBalancer != got.Address || got.Hostname != got.Address) {
				t.Errorf("the Service's port is %d, its load balancer %s, %s", got.Port, got.LoadBalancer, got.Hostname)
			}
		})
	}
}

// TestTemplateFails reports what is wrong with a template, and leaves nothing.
func TestTemplateFails(t *testing.T) {
	f := newFoundation(t, "charts-templated", map[string]string{"BIND_TEMPLATE_TIMEOUT": "1s"})
	i := f.create("failing", "default", nil)
	answer := f.want(500)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if !strings.Contains(answer.Description(), "Field does not exist: nothing; bind.yaml:4:") {
		t.Errorf("the answer doesn't help: %s", answer.Body)
	}
	f.wantPolicies()
	i = f.create("looping", "default", nil)
	answer = f.want(500)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if !strings.Contains(answer.Description(), "took longer than 1s") {
		t.Errorf("the answer doesn't help: %s", answer.Body)
	}
	f.wantPolicies()
}

// wantNamespace fails unless the instance's namespace names its policy group.
func (f *foundation) wantNamespace(id string) {
	f.t.Helper()
	namespace, err := kube.CoreV1().Namespaces().Get(f.t.Context(), f.namespace(rig.Instance{ID: id}), metav1.GetOptions{})
	f.must(err)
	if group := namespace.Annotations["cf-helm-broker.io/policy-group-id"]; group != id {
		f.t.Errorf("the namespace's policy group is %q, want the instance's id", group)
	}
	for _, label := range []string{"cf-helm-broker.io/service", "cf-helm-broker.io/plan", "app.kubernetes.io/managed-by"} {
		if namespace.Labels[label] == "" {
			f.t.Errorf("the namespace has no label %s", label)
		}
	}
}

func TestCatalog(t *testing.T) {
	f := newFoundation(t, sampleCharts, nil)
	s, p, err := f.catalog.Find("redis", "cache")
	f.must(err)
	if s.ID != uuid.NewSHA1(uuid.NameSpaceOID, []byte("redis")).String() || p.ID != s.ID+"-cache" {
		t.Errorf("ids %s and %s aren't Kibosh's", s.ID, p.ID)
	}
	if p.Free == nil || p.Bindable == nil || !s.Bindable || len(s.Tags) == 0 || s.Description == "" {
		t.Errorf("incomplete: %+v", s)
	}
	for _, key := range []string{"displayName", "imageUrl", "documentationUrl"} {
		if text, ok := s.Metadata[key].(string); !ok || text == "" {
			t.Errorf("metadata has no %s: %v", key, s.Metadata)
		}
	}
	if f.catalog.Services[0].Plans[0].Schemas == nil {
		t.Error("the plans show no schema")
	}
	if len(f.catalog.Services) != 3 {
		t.Errorf("%d services, want 3", len(f.catalog.Services))
	}
}

// TestTwoApps binds two apps with overlapping lifetimes, one of them twice.
func TestTwoApps(t *testing.T) {
	f := newFoundation(t, sampleCharts, nil)
	i := f.create("echo", "single", nil)
	one, two := f.app(), f.app()
	policyOne, policyTwo := cf.NewPolicy(one, i.ID, "tcp", 8080, 8080), cf.NewPolicy(two, i.ID, "tcp", 8080, 8080)
	first, second, third := uuid.NewString(), uuid.NewString(), uuid.NewString()

	f.want(201)(f.Bind(t.Context(), i, first, one))
	f.want(201)(f.Bind(t.Context(), i, second, two))
	f.wantPolicies(policyOne, policyTwo)
	f.want(201)(f.Bind(t.Context(), i, third, one))
	f.want(200)(f.Unbind(t.Context(), i, first))
	f.wantPolicies(policyOne, policyTwo)
	f.want(200)(f.Unbind(t.Context(), i, third))
	f.wantPolicies(policyTwo)
	f.want(200)(f.Unbind(t.Context(), i, second))
	f.wantPolicies()
	f.delete(i)
}

// TestServiceKey makes a key, which opens nothing, and deletes the instance
// with a binding still there, whose access ends with it.
func TestServiceKey(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	key := f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), ""))
	if !strings.Contains(string(key.Body), `"endpoints":[{"host":"10.255.`) {
		t.Errorf("the key has no endpoints: %s", key.Body)
	}
	f.wantPolicies()
	app := f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "udp", 5353, 5353))
	f.delete(i)
	f.wantPolicies()
}

// TestOnePost counts what a bind asks of the policy server.
func TestOnePost(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"replicas": 3})
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if writes := f.cf.Writes(); len(writes) != 1 {
		t.Errorf("the bind made %d writes, want 1: %+v", len(writes), writes)
	}
}

// TestValues shows that an instance's values are chart ⊕ plan ⊕ parameters,
// and that numbers stay as they were written.
func TestValues(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"number": 10000000})
	var body struct{ Credentials credentials }
	f.must(f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), "")).Decode(&body))
	data := body.Credentials.Secrets[0].Data
	if data["number"] != "10000000" || !strings.HasPrefix(data["marked"], "plan of k-") {
		t.Errorf("the release got %v", data)
	}
	if replaced := f.create("fixture", "plain", map[string]any{"marked": "by the user"}); replaced.ID != "" {
		f.must(f.want(201)(f.Bind(t.Context(), replaced, uuid.NewString(), "")).Decode(&body))
		if got := body.Credentials.Secrets[0].Data["marked"]; got != "by the user" {
			t.Errorf("the user's parameter didn't win over the plan: %q", got)
		}
	}
}

// TestTwentyAtOnce has twenty instances made, bound and deleted at the same
// time.
func TestTwentyAtOnce(t *testing.T) {
	f := newFoundation(t, sampleCharts, nil)
	instances := make([]rig.Instance, 20)
	operations := make([]string, len(instances))
	for n := range instances {
		instances[n] = f.instance("echo", "single")
		operations[n] = f.want(202)(f.Provision(t.Context(), instances[n], nil)).Operation()
	}
	for n, i := range instances {
		f.ready(i, operations[n])
		f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	}
	if policies := f.cf.Policies(); len(policies) != len(instances) {
		t.Errorf("%d policies, want one an instance", len(policies))
	}
	for n, i := range instances {
		operations[n] = f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	}
	for n, i := range instances {
		if o := f.ended(i, operations[n]); o.State != "gone" {
			t.Errorf("the delete ended as %+v", o)
		}
		f.nothingLeft(i)
	}
	f.wantPolicies()
}
