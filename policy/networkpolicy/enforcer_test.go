package networkpolicy_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/test/contract"
)

// TestContract runs with the documented rights, and no others.
func TestContract(t *testing.T) {
	s := newScene(t)
	contract.Enforcer(t, s,
		policy.To(s.app, s.group, "tcp", 5432), policy.Range(s.app, s.group, "udp", 100, 200), policy.To(s.app, s.group, "tcp", 80),
		policy.Range(s.group, s.operator, "tcp", 2, 65534), policy.To(s.operator, s.group, "tcp", 443))
}

// TestUnclosed: where the broker doesn't deny by default it lets nobody in, which would
// keep out everybody else.
func TestUnclosed(t *testing.T) {
	s := newScene(t)
	open := s.ends.places[s.operator]
	open.Closed, open.Pods = false, &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}}
	s.ends.places[s.operator] = open
	dns := policy.To(s.app, s.operator, "udp", 53)
	between, within := policy.To(s.operator, s.group, "tcp", 1), policy.To(s.group, s.group, "tcp", 1)
	s.must(s.Create(t.Context(), []policy.Policy{dns, between, within}))
	if found := s.objects(text(dns)); len(found) != 1 || found[0].Namespace != workloads {
		t.Errorf("an app is let out to a shared service by %+v", found)
	}
	if found := s.objects(text(between)); len(found) != 1 || found[0].Namespace != s.ends.places[s.group].Namespace {
		t.Errorf("what nothing isolates is let in by %+v", found)
	}
	if found := s.objects(text(within)); len(found) != 0 {
		t.Errorf("within a namespace everything passes already, and there is %+v", found)
	}
	for name, look := range map[string]func() ([]policy.Policy, error){
		"missing": func() ([]policy.Policy, error) { return s.Missing(t.Context(), []policy.Policy{within}) },
		"left":    func() ([]policy.Policy, error) { return s.Left(t.Context(), []policy.Policy{within}) },
	} {
		if got, err := look(); err != nil || len(got) > 0 {
			t.Errorf("%s is %v, %v of what isn't this network's", name, got, err)
		}
	}
}

// TestByHand: what somebody edits, strips of its labels or deletes is missing, and comes back.
func TestByHand(t *testing.T) {
	s := newScene(t)
	p := policy.To(s.app, s.group, "tcp", 5432)
	all := []policy.Policy{p}
	s.must(s.Create(t.Context(), all))
	for name, patch := range map[string]string{
		"opened to all":        `{"spec":{"ingress":null,"egress":null,"podSelector":{"matchLabels":{"x":"y"}}}}`,
		"another port":         `{"spec":{"ingress":[{"ports":[{"port":1}]}],"egress":[{"ports":[{"port":1}]}]}}`,
		"without labels":       `{"metadata":{"labels":null}}`,
		"without its policy":   `{"metadata":{"labels":{"cf-helm-broker.io/policy":null}}}`,
		"without its managing": `{"metadata":{"labels":{"app.kubernetes.io/managed-by":null}}}`,
	} {
		for _, object := range s.objects(text(p)) {
			_, err := admin.NetworkingV1().NetworkPolicies(object.Namespace).Patch(t.Context(), object.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
			s.must(err)
			missing, err := s.Missing(t.Context(), all)
			if err != nil || !policy.Same(missing, all) {
				t.Errorf("%s in %s: missing are %v, %v", name, object.Namespace, missing, err)
			}
			s.must(s.Create(t.Context(), all))
			if missing, err := s.Missing(t.Context(), all); err != nil || len(missing) > 0 {
				t.Errorf("%s in %s, made again: missing are %v, %v", name, object.Namespace, missing, err)
			}
		}
	}
	for _, object := range s.objects(text(p)) {
		_, err := admin.NetworkingV1().NetworkPolicies(object.Namespace).Patch(t.Context(), object.Name, types.MergePatchType, []byte(`{"metadata":{"labels":null}}`), metav1.PatchOptions{})
		s.must(err)
	}
	s.must(s.Delete(t.Context(), all))
	if found := s.objects(text(p)); len(found) > 0 {
		t.Errorf("without its labels stays %+v", found)
	}
}

// TestGone: of an instance that is gone with its record, what lets apps out goes too.
func TestGone(t *testing.T) {
	s := newScene(t)
	all := []policy.Policy{policy.To(s.app, s.group, "tcp", 5432)}
	s.must(s.Create(t.Context(), all))
	delete(s.ends.places, s.group)
	if left, err := s.Left(t.Context(), all); err != nil || !policy.Same(left, all) {
		t.Errorf("left are %v, %v", left, err)
	}
	delete(s.ends.apps, s.app)
	s.must(s.Delete(t.Context(), all))
	if left, err := s.Left(t.Context(), all); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if found := s.objects(text(all[0])); len(found) > 0 {
		t.Errorf("there is %+v", found)
	}
}

// TestNamesake: what somebody else has made by that name is neither overwritten nor deleted.
func TestNamesake(t *testing.T) {
	s := newScene(t)
	p := policy.To(s.app, s.group, "tcp", 5432)
	all := []policy.Policy{p}
	s.must(s.Create(t.Context(), all))
	theirs := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: s.objects(text(p))[0].Name}}
	namespace := s.objects(text(p))[0].Namespace
	s.must(s.Delete(t.Context(), all))
	if _, err := admin.NetworkingV1().NetworkPolicies(namespace).Create(t.Context(), theirs, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.refuses(s.Create(t.Context(), all), 409, "there is a NetworkPolicy "+theirs.Name+" in namespace "+namespace+" already, which the broker hasn't made", "delete it")
	s.must(s.Delete(t.Context(), all))
	if have, err := admin.NetworkingV1().NetworkPolicies(namespace).Get(t.Context(), theirs.Name, metav1.GetOptions{}); err != nil || len(have.Labels) > 0 {
		t.Errorf("it is %+v, %v", have, err)
	}
}

// TestOf: what a broker has made says what it is there for, unless somebody has changed that.
func TestOf(t *testing.T) {
	s := newScene(t)
	p := policy.To(s.app, s.group, "tcp", 5432)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	changed := s.objects(text(p))[0]
	_, err := admin.NetworkingV1().NetworkPolicies(changed.Namespace).Patch(t.Context(), changed.Name, types.MergePatchType, []byte(`{"metadata":{"annotations":{"cf-helm-broker.io/policy":"{}"}}}`), metav1.PatchOptions{})
	s.must(err)
	broker := changed.Labels["cf-helm-broker.io/broker"]
	found, err := networkpolicy.Of(t.Context(), admin, broker)
	s.must(err)
	found = slices.DeleteFunc(found, func(one networkpolicy.Found) bool { return one.Key != networkpolicy.KeyOf(broker, p) }) // other tests' are there too
	if len(found) != 2 {
		t.Fatalf("found are %+v", found)
	}
	for _, one := range found {
		its := one.Name != changed.Name || one.Namespace != changed.Namespace
		if one.Told != its || its && one.Policy != p {
			t.Errorf("found is %+v", one)
		}
	}
	if found, err := networkpolicy.Of(t.Context(), admin, "another"); err != nil || len(found) > 0 {
		t.Errorf("another broker's are %+v, %v", found, err)
	}
}

// TestElsewhere: apps that aren't pods of an instance's cluster are let in by their addresses.
func TestElsewhere(t *testing.T) {
	s := newScene(t, func(s *networkpolicy.Settings) { s.CIDRs = []string{"10.255.0.0/16", "fd00::/8"} })
	there := s.ends.places[s.group]
	there.Cluster = "another"
	s.ends.places[s.group] = there
	p := policy.Range(s.app, s.group, "tcp", 1, 2)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	found := s.objects(text(p))
	if len(found) != 1 || found[0].Namespace != there.Namespace {
		t.Fatalf("there are %+v", found)
	}
	if from := found[0].Spec.Ingress[0].From; len(from) != 2 || from[0].IPBlock.CIDR != "10.255.0.0/16" || from[0].PodSelector != nil {
		t.Errorf("let in are %+v", from)
	}
	nobody := s.as(broker, func(s *networkpolicy.Settings) { s.Apps = networkpolicy.Apps{} })
	s.refuses(nobody.Create(t.Context(), []policy.Policy{p}), 422, "apps aren't pods of the cluster", "set APP_CIDRS")
}

// TestWhoIsLetIn: an app's own pods in the apps' namespace, and nobody with its label elsewhere.
func TestWhoIsLetIn(t *testing.T) {
	s := newScene(t)
	p := policy.Range(s.app, s.group, "tcp", 1, 2)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	for _, object := range s.objects(text(p)) {
		if object.Namespace == workloads {
			continue
		}
		from := object.Spec.Ingress[0].From[0]
		if len(object.Spec.Ingress[0].From) != 1 || from.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] != workloads ||
			from.PodSelector.MatchLabels["cloudfoundry.org/app-guid"] != s.app || len(from.PodSelector.MatchExpressions) != 2 {
			t.Errorf("let in is %+v", from)
		}
		if port := object.Spec.Ingress[0].Ports[0]; *port.Port != intstr.FromInt32(1) || *port.EndPort != 2 {
			t.Errorf("at %+v", port)
		}
	}
	staged := s.ends.places[s.group]
	staged.Staging = true
	s.ends.places[s.group] = staged
	if missing, err := s.Missing(t.Context(), []policy.Policy{p}); err != nil || len(missing) != 1 {
		t.Errorf("staging may reach it now: missing are %v, %v", missing, err)
	}
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	for _, object := range s.objects(text(p)) {
		if strings.Contains(object.Spec.String(), "staging") {
			t.Errorf("staging is still kept from passing by %+v", object.Spec)
		}
	}
}

// TestRefusals are sentences that say what to do, and no doubt whether anything was made.
func TestRefusals(t *testing.T) {
	s := newScene(t)
	all := []policy.Policy{policy.To(s.app, s.group, "tcp", 5432)}
	place := s.ends.places[s.group]
	place.Clients = stranger
	s.ends.places[s.group] = place
	powerless := s.as(stranger, func(*networkpolicy.Settings) {})
	s.refuses(powerless.Create(t.Context(), all), 403, "cannot create resource", "deploy/kubernetes/networkpolicy", "in namespace "+workloads)
	_, err := powerless.Missing(t.Context(), all)
	s.refuses(err, 403, "cannot list resource", "deploy/kubernetes/networkpolicy")
	place.Clients = broker
	s.ends.places[s.group] = place
	elsewhere := s.as(admin, func(s *networkpolicy.Settings) { s.Apps.Namespace = "nowhere" })
	s.refuses(elsewhere.Create(t.Context(), all), 404, `"nowhere" not found`, "is the namespace nowhere there?")
	confined := s.as(broker, func(s *networkpolicy.Settings) { s.Apps.Namespace = "default" })
	s.refuses(confined.Create(t.Context(), all), 422, "the broker may write to", "the cluster's own")
	s.must(admin.CoreV1().Namespaces().Delete(t.Context(), s.ends.places[s.group].Namespace, metav1.DeleteOptions{}))
	s.refuses(s.Create(t.Context(), all), 403, "being terminated", "wait until")
	s.must(s.Delete(t.Context(), all))
}

func (s *scene) refuses(err error, status int, words ...string) {
	s.Helper()
	var refused *policy.Error
	if !errors.As(err, &refused) || refused.Status != status {
		s.Errorf("refused with %v, want %d", err, status)
		return
	}
	for _, want := range words {
		if !strings.Contains(err.Error(), want) {
			s.Errorf("%v doesn't say %q", err, want)
		}
	}
}

func text(p policy.Policy) string {
	text, _ := json.Marshal(p)
	return string(text)
}
