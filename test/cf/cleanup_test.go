package cf_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const policiesPath = "/networking/v1/external/policies"

// cleanups are the two ways to clean up.
func cleanups(t *testing.T, s *cf.Server) map[string]func() bool {
	token := tokenOf(t, s, s.Client())
	return map[string]func() bool{
		"by the hour": func() bool { _, err := s.Cleanup(); return err == nil },
		"by request": func() bool {
			status, _ := ask(t, s, token, "POST", policiesPath+"/cleanup", "")
			return status == 200
		},
	}
}

func TestCleanup(t *testing.T) {
	s := start(t, cf.Options{})
	started, stopped := s.AddApp(cf.App{}).GUID, s.AddApp(cf.App{State: cf.Stopped}).GUID
	kept := []cf.Policy{cf.NewPolicy(started, stopped, "tcp", 1, 1), cf.NewPolicy(stopped, started, "udp", 2, 3)}
	stale := []cf.Policy{
		cf.NewPolicy("gone", "gone-too", "tcp", 1, 1),
		cf.NewPolicy("gone", started, "tcp", 1, 1),
		cf.NewPolicy(started, "instance", "tcp", 1, 1),
	}
	if started > stopped {
		slices.Reverse(kept) // as Policies sorts them
	}
	for name, cleanup := range cleanups(t, s) {
		t.Run(name, func(t *testing.T) {
			if err := s.AddPolicies(append(slices.Clone(stale), kept...)...); err != nil {
				t.Fatal(err)
			}
			before := len(s.Writes())
			if !cleanup() {
				t.Fatal("the cleanup failed")
			}
			if got := s.Policies(); !slices.Equal(got, kept) {
				t.Errorf("kept %v, want %v", got, kept)
			}
			if writes := s.Writes()[before:]; len(writes) != 1 || writes[0].Op != cf.Cleanup || len(writes[0].Policies) != len(stale) {
				t.Errorf("noted %+v", writes)
			}
		})
	}
}

// With UAA or the cloud controller in trouble nothing is deleted. A request then
// fails on its token already when it is UAA.
func TestCleanupDeletesNothingInDoubt(t *testing.T) {
	for _, part := range []cf.Part{cf.UAA, cf.CC} {
		for _, kind := range []cf.Kind{cf.Down, cf.ServerError, cf.Unauthorized, cf.InvalidJSON, cf.Redirect} {
			s := start(t, cf.Options{})
			stale := cf.NewPolicy("gone", "gone-too", "tcp", 1, 1)
			for name, cleanup := range cleanups(t, s) {
				if err := s.AddPolicies(stale); err != nil {
					t.Fatal(err)
				}
				s.Fault(part, cf.Fault{Kind: kind})
				if cleanup() {
					t.Errorf("%s %s, %s: the cleanup succeeded", part, kind, name)
				}
				if got := s.Policies(); !slices.Equal(got, []cf.Policy{stale}) {
					t.Errorf("%s %s, %s: kept %v", part, kind, name, got)
				}
				s.Clear(part)
				if !cleanup() || len(s.Policies()) != 0 {
					t.Errorf("%s %s, %s: not cleaned up after", part, kind, name)
				}
			}
		}
	}
}

// The answers of the cleanup's route: who asks through it gets what it deleted.
func TestCleanupRoute(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	if err := s.AddPolicies(cf.NewPolicy("a", "b", "tcp", 1, 2)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{answer(policy("a", "b", "tcp", 1, 2)), answer()} {
		if status, body := ask(t, s, token, "POST", policiesPath+"/cleanup", ""); status != 200 || body != want {
			t.Errorf("%d %s, want 200 %s", status, body, want)
		}
	}
	s.Fault(cf.CC, cf.Fault{Kind: cf.Down})
	if err := s.AddPolicies(cf.NewPolicy("a", "b", "tcp", 1, 2)); err != nil {
		t.Fatal(err)
	}
	const failed = `{"error": "policies cleanup failed"}`
	if status, body := ask(t, s, token, "POST", policiesPath+"/cleanup", ""); status != 500 || body != failed {
		t.Errorf("%d %s, want 500 %s", status, body, failed)
	}
}

// Two hundred ids and more are asked about a hundred at a time: any failure
// among the questions keeps all policies.
func TestCleanupAsksInChunks(t *testing.T) {
	s := start(t, cf.Options{})
	var many []cf.Policy
	for port := range 150 {
		many = append(many, cf.NewPolicy("source", uuid.NewString(), "tcp", port+1, port+1))
	}
	if err := s.AddPolicies(many...); err != nil {
		t.Fatal(err)
	}
	s.Fault(cf.CC, cf.Fault{Kind: cf.Slow, Times: 1})
	s.Fault(cf.CC, cf.Fault{Kind: cf.ServerError, Times: 1})
	if deleted, err := s.Cleanup(); err == nil || len(deleted) != 0 || len(s.Policies()) != 150 {
		t.Errorf("deleted %d, %v, kept %d", len(deleted), err, len(s.Policies()))
	}
	if deleted, err := s.Cleanup(); err != nil || len(deleted) != 150 || len(s.Policies()) != 0 {
		t.Errorf("deleted %d, %v, kept %d", len(deleted), err, len(s.Policies()))
	}
}
