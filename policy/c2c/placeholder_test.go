package c2c_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// maker is a UAA client that may make placeholder apps.
var maker = cf.Client{ID: "cf-helm-broker", Secret: "not to be told", Authorities: []string{"network.admin", "cloud_controller.admin"}}

func inSpace(s *cf.Server) c2c.Settings {
	with := settings(s)
	with.Org, with.Space = "demo", "dev"
	return with
}

func placeholders(t *testing.T) (*cf.Server, *c2c.Client) {
	t.Helper()
	s, err := cf.Start(cf.Options{Client: maker})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, c2c.New(inSpace(s), func(string, error) {})
}

func ensure(t *testing.T, client *c2c.Client, instance string) string {
	t.Helper()
	guid, err := client.EnsurePlaceholder(t.Context(), instance)
	if err != nil {
		t.Fatal(err)
	}
	return guid
}

func TestLifeOfAPlaceholder(t *testing.T) {
	for _, instance := range []string{group, "Not a UUID, but an id; ü%2C"} {
		s, client := placeholders(t)
		guid := ensure(t, client, instance)
		if again := ensure(t, client, instance); again != guid || !policy.ValidID(guid) {
			t.Errorf("GUID %s, then %s", guid, again)
		}
		if other := ensure(t, client, app); other == guid {
			t.Error("two instances have one placeholder")
		}
		made := s.Apps()[0]
		key := strings.TrimPrefix(made.Name, "cf-helm-broker-")
		if made.GUID != guid || made.State != cf.Stopped || made.Space != s.Space() || !policy.ValidID(key) ||
			made.Labels["cf-helm-broker.io/placeholder-for"] != key || made.Annotations["cf-helm-broker.io/service-instance"] != instance ||
			made.Annotations["cf-helm-broker.io/created-by"] != "cf-helm-broker" || made.Annotations["cf-helm-broker.io/purpose"] == "" {
			t.Errorf("made %+v", made)
		}
		for range 2 {
			if err := client.DeletePlaceholder(t.Context(), instance, ""); err != nil {
				t.Fatal(err)
			}
		}
		if left := s.Apps(); len(left) != 1 || left[0].GUID == guid {
			t.Errorf("left %+v, want the other instance's alone", left)
		}
	}
}

// TestCleanupSparesPlaceholders is what all this is for.
func TestCleanupSparesPlaceholders(t *testing.T) {
	s, client := placeholders(t)
	source, guid := s.AddApp(cf.App{}).GUID, ensure(t, client, group)
	if err := client.Create(t.Context(), []policy.Policy{policy.To(source, guid, "tcp", 1), policy.To(source, group, "tcp", 1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cleanup(); err != nil {
		t.Fatal(err)
	}
	if want := []cf.Policy{cf.NewPolicy(source, guid, "tcp", 1, 1)}; !slices.Equal(s.Policies(), want) {
		t.Errorf("after the cleanup: %+v, want %+v", s.Policies(), want)
	}
}
