package c2c_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestReplicasMakeOne has two replicas make the same placeholder many times at once.
func TestReplicasMakeOne(t *testing.T) {
	s, one := placeholders(t)
	two := c2c.New(inSpace(s), func(string, error) {})
	made := make(chan string, 2*callers)
	for _, err := range atOnce(func() error {
		for _, replica := range []*c2c.Client{one, two} {
			guid, err := replica.EnsurePlaceholder(t.Context(), group)
			if err != nil {
				return err
			}
			made <- guid
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	close(made)
	apps := s.Apps()
	if len(apps) != 1 {
		t.Fatalf("apps %+v, want one", apps)
	}
	for guid := range made {
		if guid != apps[0].GUID {
			t.Errorf("GUID %s, want %s", guid, apps[0].GUID)
		}
	}
}

// TestTakenMeanwhile has another replica make the app between the look and the
// creation, for certain.
func TestTakenMeanwhile(t *testing.T) {
	s, other := placeholders(t)
	var others string
	client := c2c.New(inSpace(s), func(call string, _ error) {
		if call == "find-app" && others == "" {
			others = ensure(t, other, group)
		}
	})
	if guid := ensure(t, client, group); guid != others || len(s.Apps()) != 1 {
		t.Errorf("GUID %s, want %s; apps %+v", guid, others, s.Apps())
	}
}

// TestCreationsAnswerLost finds what was made without its answer: at once, or
// when CF is back.
func TestCreationsAnswerLost(t *testing.T) {
	for name, kind := range map[string]cf.Kind{"lost": cf.AnswerLost, "not made": cf.ServerError, "refused": cf.Down} {
		for _, away := range []bool{false, true} {
			s, _ := placeholders(t)
			s.Fault(cf.CC, cf.Fault{Kind: kind, Times: 1, Route: "POST /v3/apps"})
			client := c2c.New(inSpace(s), func(call string, _ error) {
				if call == "create-app" && away {
					s.Fault(cf.CC, cf.Fault{Kind: cf.Down, Times: 1, Route: "GET /v3/apps"})
				}
			})
			_, err := client.EnsurePlaceholder(t.Context(), group)
			if found := kind == cf.AnswerLost && !away; found != (err == nil) {
				t.Errorf("%s, away %v: error %v", name, away, err)
			}
			s.Clear()
			guid := ensure(t, client, group)
			if apps := s.Apps(); len(apps) != 1 || apps[0].GUID != guid {
				t.Errorf("%s, away %v: GUID %s, apps %+v", name, away, guid, apps)
			}
		}
	}
}

// TestSomebodysApp has an app of that name that isn't the broker's.
func TestSomebodysApp(t *testing.T) {
	s, client := placeholders(t)
	for _, labels := range []map[string]string{nil, {"cf-helm-broker.io/placeholder-for": app}} {
		theirs := s.AddApp(cf.App{Name: "cf-helm-broker-" + group, Labels: labels})
		if _, err := client.EnsurePlaceholder(t.Context(), group); err == nil || !strings.Contains(err.Error(), "rename or delete it") {
			t.Errorf("labels %v: error %v", labels, err)
		}
		if err := client.DeletePlaceholder(t.Context(), group, ""); err != nil {
			t.Errorf("labels %v: deleting what isn't there: %v", labels, err)
		}
		if apps := s.Apps(); len(apps) != 1 || apps[0].GUID != theirs.GUID {
			t.Errorf("labels %v: apps %+v", labels, apps)
		}
		s.DeleteApp(theirs.GUID)
	}
}
