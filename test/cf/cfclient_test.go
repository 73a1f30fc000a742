package cf_test

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/client"
	"github.com/cloudfoundry/go-cfclient/v3/config"
	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

var ccAdmin = cf.Client{ID: "operator", Secret: "a s+cr%t:é", Authorities: []string{"network.admin", "cloud_controller.admin"}}

func cfClient(t *testing.T, s *cf.Server) *client.Client {
	t.Helper()
	options := []config.Option{config.ClientCredentials(s.Client().ID, s.Client().Secret), config.HttpClient(s.HTTPClient())}
	found, err := config.New(s.URL(), options...)
	if err != nil {
		t.Fatalf("discovery: %v", err)
	}
	c, err := client.New(found)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What go-cfclient discovers, over http and https, leads to a token with which
// the policy API answers.
func TestDiscovery(t *testing.T) {
	for name, options := range map[string]cf.Options{"http": {Client: ccAdmin}, "https": {Client: ccAdmin, TLS: true}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, options)
			c := cfClient(t, s)
			root, err := c.Root.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			links := root.Links
			for what, pair := range map[string][2]string{
				"self":      {links.Self.Href, s.URL()},
				"cc v3":     {links.CloudControllerV3.Href, s.URL() + "/v3"},
				"uaa":       {links.Uaa.Href, s.URL() + "/uaa"},
				"login":     {links.Login.Href, s.URL() + "/uaa"},
				"policy v0": {links.NetworkPolicyV0.Href, s.URL() + "/networking/v0/external"},
				"policy v1": {links.NetworkPolicyV1.Href, s.URL() + "/networking/v1/external"},
			} {
				if pair[0] != pair[1] {
					t.Errorf("link %s: %q, want %q", what, pair[0], pair[1])
				}
			}
			response, err := c.HTTPAuthClient().Get(links.NetworkPolicyV1.Href + "/policies")
			if err != nil {
				t.Fatal(err)
			}
			var answer map[string]any
			decode(t, response, &answer)
		})
	}
}

// A placeholder app's whole life, as go-cfclient sees it.
func TestAppsThroughClient(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	c, ctx := cfClient(t, s), t.Context()

	orgs := client.NewOrganizationListOptions()
	orgs.Names.EqualTo("demo")
	org, err := c.Organizations.Single(ctx, orgs)
	if err != nil {
		t.Fatal(err)
	}
	spaces := client.NewSpaceListOptions()
	spaces.Names.EqualTo("dev")
	spaces.OrganizationGUIDs.EqualTo(org.GUID)
	space, err := c.Spaces.Single(ctx, spaces)
	if err != nil {
		t.Fatal(err)
	}
	if space.GUID != s.Space() || space.Relationships.Organization.Data.GUID != org.GUID {
		t.Errorf("space %s in %s", space.GUID, space.Relationships.Organization.Data.GUID)
	}

	create := resource.NewAppCreate("placeholder", space.GUID)
	create.Metadata = resource.NewMetadata().WithLabel("example.com", "instance", "i-1")
	app, err := c.Applications.Create(ctx, create)
	if err != nil {
		t.Fatal(err)
	}
	if app.State != cf.Stopped || app.Relationships.Space.Data.GUID != space.GUID || *app.Metadata.Labels["example.com/instance"] != "i-1" {
		t.Errorf("created %+v", app)
	}
	if _, err := c.Applications.Create(ctx, create); !isUniqueness(err) {
		t.Errorf("a second app of that name: %v, want a uniqueness error", err)
	}
	if _, err := c.Applications.Start(ctx, app.GUID); !resource.IsUnprocessableEntityError(err) {
		t.Errorf("starting an app without a droplet: %v, want unprocessable", err)
	}
	labelled := client.NewAppListOptions()
	labelled.LabelSel = client.LabelSelector{}
	labelled.LabelSel.EqualTo("example.com/instance", "i-1")
	if found, err := c.Applications.Single(ctx, labelled); err != nil || found.GUID != app.GUID {
		t.Errorf("found by its label: %v, %v", found, err)
	}
	job, err := c.Applications.Delete(ctx, app.GUID)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Jobs.PollComplete(ctx, job, &client.PollingOptions{FailedState: "FAILED", Timeout: time.Minute, CheckInterval: time.Millisecond}); err != nil {
		t.Errorf("job %q: %v", job, err)
	}
	if _, err := c.Applications.Get(ctx, app.GUID); !resource.IsResourceNotFoundError(err) {
		t.Errorf("getting it after: %v, want not found", err)
	}
}

func isUniqueness(err error) bool {
	var answer resource.CloudFoundryError
	return errors.As(err, &answer) && answer.Title == "CF-UniquenessError" &&
		answer.Detail == "App with the name 'placeholder' already exists."
}

func TestAppPages(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	c, ctx := cfClient(t, s), t.Context()
	var wanted []string
	for range 7 {
		wanted = append(wanted, s.AddApp(cf.App{}).GUID)
	}
	options := client.NewAppListOptions()
	options.PerPage = 2
	options.GUIDs.EqualTo(wanted[1:]...)
	apps, err := c.Applications.ListAll(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, app := range apps {
		got = append(got, app.GUID)
	}
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(wanted[1:])); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if pages := s.Requests()["GET /v3/apps"]; pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
	s.DeleteApp(wanted[1])
	if _, err := c.Applications.Get(ctx, wanted[1]); !resource.IsResourceNotFoundError(err) {
		t.Errorf("a deleted app: %v, want not found", err)
	}
	if stopped, err := c.Applications.Stop(ctx, wanted[2]); err != nil || stopped.State != cf.Stopped {
		t.Errorf("stopping: %+v, %v", stopped, err)
	}
}

// A token that expires on the server but not yet for the client costs it one
// request and a new token.
func TestExpiryThroughClient(t *testing.T) {
	var ahead atomic.Int64
	s := start(t, cf.Options{Client: ccAdmin, TokenLife: time.Hour, Clock: func() time.Time {
		return time.Now().Add(time.Duration(ahead.Load()))
	}})
	c := cfClient(t, s)
	for _, want := range []int{1, 1, 2} {
		if want == 2 {
			ahead.Store(int64(time.Hour))
		}
		response, err := c.HTTPAuthClient().Get(s.URL() + "/networking/v1/external/policies")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if tokens := s.Requests()["POST /uaa/oauth/token"]; response.StatusCode != http.StatusOK || tokens != want {
			t.Errorf("status %d after %d tokens, want 200 after %d", response.StatusCode, tokens, want)
		}
	}
}

// TestDomainsThroughClient reads domains as go-cfclient has them.
func TestDomainsThroughClient(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	s.AddDomain(cf.Domain{Name: "apps.internal", Internal: true})
	s.AddDomain(cf.Domain{Name: "example.com", Org: "demo"})
	options := client.NewDomainListOptions()
	options.PerPage = 1
	domains, err := cfClient(t, s).Domains.ListAll(t.Context(), options)
	if err != nil || len(domains) != 2 {
		t.Fatalf("%d domains, %v", len(domains), err)
	}
	shared, private := domains[0], domains[1]
	if shared.Name != "apps.internal" || !shared.Internal || shared.Relationships.Organization.Data != nil {
		t.Errorf("the shared one: %+v", shared)
	}
	if private.Name != "example.com" || private.Internal || private.Relationships.Organization.Data == nil {
		t.Errorf("the private one: %+v", private)
	}
}
