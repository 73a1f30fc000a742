package c2c_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestSpaceSettings says which setting is wrong.
func TestSpaceSettings(t *testing.T) {
	for name, c := range map[string]struct{ org, space, want string }{
		"right":        {"demo", "dev", ""},
		"odd names":    {"50% off, +more", "a,b%2C", ""},
		"not set":      {"", "", "set CF_ORG and CF_SPACE"},
		"half set":     {"demo", "", "set CF_ORG and CF_SPACE"},
		"no such org":  {"domo", "dev", `CF_ORG: the client sees no organization "domo"`},
		"no such one":  {"demo", "dav", `CF_SPACE: the client sees no space "dav" in organization "demo" (CF_ORG)`},
		"of other org": {"50% off, +more", "dev", "CF_SPACE"},
		"half a name":  {"50% off", "a", "CF_ORG"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stand(t, cf.Options{Client: maker})
			s.AddSpace("50% off, +more", "a,b%2C")
			with := settings(s)
			with.Org, with.Space = c.org, c.space
			client := c2c.New(with, func(string, error) {})
			_, err := client.EnsurePlaceholder(t.Context(), group)
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			// Nothing was created, which isn't the same as that nothing is there.
			if err := client.DeletePlaceholder(t.Context(), group, ""); (err == nil) != (c.want == "") {
				t.Errorf("deleting: %v", err)
			}
		})
	}
}

// TestSpaceRoles says what a client lacks. It asks as the documentation has it:
// https://v3-apidocs.cloudfoundry.org/#create-an-app
func TestSpaceRoles(t *testing.T) {
	const network, read, write, admin = "network.admin", "cloud_controller.read", "cloud_controller.write", "cloud_controller.admin"
	for name, c := range map[string]struct {
		authorities []string
		develops    bool
		status      int
		want        string
	}{
		"an admin":             {authorities: []string{network, admin}},
		"a developer":          {authorities: []string{network, read, write}, develops: true},
		"network.admin alone":  {authorities: []string{network}, develops: true, status: 401, want: "Invalid Auth Token"},
		"not to write":         {authorities: []string{network, read}, develops: true, status: 403, want: "CF-NotAuthorized"},
		"not to read":          {authorities: []string{network, write}, develops: true, status: 403, want: "CF-NotAuthorized"},
		"without a role there": {authorities: []string{network, read, write}, want: "CF_ORG: the client sees no organization"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stand(t, cf.Options{})
			member := cf.Client{ID: "member", Secret: "its secret", Authorities: c.authorities}
			if c.develops {
				member.Spaces = []string{s.Space()}
			}
			s.AddClient(member)
			with := inSpace(s)
			with.ClientID, with.ClientSecret = member.ID, member.Secret
			_, err := c2c.New(with, func(string, error) {}).EnsurePlaceholder(t.Context(), group)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			checkRefusal(t, s, err, c.status, c.want)
			if !strings.Contains(err.Error(), c2c.Roles) {
				t.Errorf("the error doesn't say which authorities and roles it takes: %v", err)
			}
		})
	}
}

// TestSpaceGoes looks the space up again when it has gone, and not before.
func TestSpaceGoes(t *testing.T) {
	s := stand(t, cf.Options{Client: maker})
	client := c2c.New(inSpace(s), func(string, error) {})
	ensure := func(instance string) error {
		_, err := client.EnsurePlaceholder(t.Context(), instance)
		return err
	}
	for _, instance := range []string{app, group, app} {
		if err := ensure(instance); err != nil {
			t.Fatal(err)
		}
	}
	if asked := s.Requests()["GET /v3/spaces"]; asked != 1 {
		t.Errorf("the space was looked up %d times, want once", asked)
	}
	s.DeleteSpace(s.Space())
	if err := ensure(app); err == nil || !strings.Contains(err.Error(), "CF_SPACE") {
		t.Errorf("the space is gone: %v", err)
	}
	space := s.AddSpace("demo", "dev")
	if err := ensure(app); err != nil {
		t.Errorf("there is one again: %v", err)
	}
	s.DeleteSpace(space)
	space = s.AddSpace("demo", "dev")
	if err := ensure(app); err != nil {
		t.Errorf("another took its place: %v", err)
	}
	if apps := s.Apps(); len(apps) != 1 || apps[0].Space != space {
		t.Errorf("apps %+v, want one in space %s", apps, space)
	}
}
