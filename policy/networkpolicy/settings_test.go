package networkpolicy_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		settings networkpolicy.Settings
		wrong    string // empty: nothing
	}{
		"addresses":            {networkpolicy.Settings{CIDRs: []string{"10.0.0.0/8", "fd00::/8"}}, ""},
		"an address":           {networkpolicy.Settings{CIDRs: []string{"10.0.0.1"}}, `"10.0.0.1" isn't a CIDR`},
		"a label in any place": {networkpolicy.Settings{Apps: networkpolicy.Apps{Label: "app"}}, "name their namespace"},
	} {
		if _, err := networkpolicy.New(c.settings, nil, nil); (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
	if _, err := networkpolicy.Preset("tanzu"); err == nil || !strings.Contains(err.Error(), "kind-deployment and korifi") {
		t.Errorf("an unknown preset: %v", err)
	}
}

// TestKorifi: apps are let in from their own space's namespace, and not let out, since
// nothing keeps them in.
func TestKorifi(t *testing.T) {
	apps, err := networkpolicy.Preset(networkpolicy.Korifi)
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, func(s *networkpolicy.Settings) { s.Apps = apps })
	p := policy.To(s.app, s.group, "tcp", 5432)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	found := s.objects(text(p))
	if len(found) != 1 || len(found[0].Spec.Ingress) != 1 {
		t.Fatalf("there are %+v", found)
	}
	from := found[0].Spec.Ingress[0].From[0]
	if got := from.NamespaceSelector.MatchLabels["korifi.cloudfoundry.org/space-guid"]; got != s.ends.apps[s.app] {
		t.Errorf("let in from space %q, want %q", got, s.ends.apps[s.app])
	}
	if got := from.PodSelector.MatchLabels["korifi.cloudfoundry.org/app-guid"]; got != s.app {
		t.Errorf("let in is app %q, want %q", got, s.app)
	}
	// A binding from before spaces were known: the app in whatever space it is.
	s.ends.apps[s.app] = ""
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	if from := s.objects(text(p))[0].Spec.Ingress[0].From[0].NamespaceSelector; len(from.MatchExpressions) != 1 || from.MatchExpressions[0].Operator != "Exists" {
		t.Errorf("let in from %+v", from)
	}
}

// TestUnreached: of a request that was never sent the error says so.
func TestUnreached(t *testing.T) {
	s := newScene(t)
	down, err := kubernetes.NewForConfig(&rest.Config{Host: "https://127.0.0.1:1"})
	s.must(err)
	place := s.ends.places[s.group]
	place.Clients = down
	s.ends.places[s.group] = place
	e := s.as(down, func(*networkpolicy.Settings) {})
	all := []policy.Policy{policy.To(s.app, s.group, "tcp", 1)}
	_, missing := e.Missing(t.Context(), all)
	_, left := e.Left(t.Context(), all)
	for name, err := range map[string]error{"missing": missing, "left": left, "create": e.Create(t.Context(), all), "delete": e.Delete(t.Context(), all)} {
		var network *net.OpError
		var refused *policy.Error
		if !errors.As(err, &network) || network.Op != "dial" || errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
