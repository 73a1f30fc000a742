package c2c_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestCloudControllerRefusals treats the cloud controller's failures as the
// policy server's, and has nothing done by halves.
func TestCloudControllerRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		kind   cf.Kind
		status int
		want   string
	}{
		"down":         {cf.Down, 0, "calling the cloud controller"},
		"500":          {cf.ServerError, 500, "the cloud controller answered 500: An unknown error occurred. (UnknownError); see its log"},
		"401 for ever": {cf.Unauthorized, 401, "Invalid Auth Token (CF-InvalidAuthToken); give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin"},
		"403":          {cf.Forbidden, 403, "(CF-NotAuthorized); give the UAA client"},
		"a login page": {cf.Redirect, 302, "the cloud controller answered 302: it redirects to"},
		"unrouted":     {cf.Unrouted, 404, "is the cloud controller up?"},
	} {
		for _, route := range []string{"GET /v3/organizations", "GET /v3/spaces", "GET /v3/apps", "POST /v3/apps", "DELETE /v3/apps/{guid}", "GET /v3/jobs/{guid}"} {
			t.Run(name+": "+route, func(t *testing.T) {
				s, client := placeholders(t)
				deletes := strings.HasPrefix(route, "DELETE") || strings.Contains(route, "jobs")
				if deletes {
					ensure(t, client, group)
				}
				s.Fault(cf.CC, cf.Fault{Kind: c.kind, Route: route})
				_, err := client.EnsurePlaceholder(t.Context(), group)
				if deletes {
					err = client.DeletePlaceholder(t.Context(), group, "")
				}
				checkRefusal(t, s, err, c.status, c.want)
				if err := client.LastError(); err != nil {
					t.Errorf("the policy API's last call: %v", err)
				}
				s.Clear()
				guid := ensure(t, client, group)
				if apps := s.Apps(); len(apps) != 1 || apps[0].GUID != guid {
					t.Errorf("apps %+v, want %s", apps, guid)
				}
			})
		}
	}
}

// TestCloudControllerTalksNonsense: what can't be read is no answer.
func TestCloudControllerTalksNonsense(t *testing.T) {
	for _, route := range []string{"GET /v3/organizations", "GET /v3/spaces", "GET /v3/apps", "POST /v3/apps"} {
		s, client := placeholders(t)
		s.Fault(cf.CC, cf.Fault{Kind: cf.InvalidJSON, Route: route})
		_, err := client.EnsurePlaceholder(t.Context(), group)
		checkRefusal(t, s, err, 0, "the answer of the cloud controller isn't valid JSON")
	}
}

// TestTokenEndsBetweenCalls ends the token before each of a placeholder's calls.
func TestTokenEndsBetweenCalls(t *testing.T) {
	c := &clock{now: time.Now()}
	s := stand(t, cf.Options{Client: maker, TokenLife: time.Hour, Clock: c.Now})
	s.SetJobs(cf.Jobs{Polls: 2})
	var seen []string
	client := c2c.New(inSpace(s), func(call string, err error) {
		seen = append(seen, call)
		if err != nil {
			t.Errorf("%s: %v", call, err)
		}
		c.advance(2 * time.Hour)
	})
	ensure(t, client, group)
	if err := client.DeletePlaceholder(t.Context(), group, ""); err != nil {
		t.Error(err)
	}
	want := []string{"find-org", "find-space", "find-app", "create-app", "find-app", "delete-app", "read-job", "read-job", "read-job"}
	if !slices.Equal(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

// TestCloudControllerHangs returns when the caller's context ends.
func TestCloudControllerHangs(t *testing.T) {
	s, client := placeholders(t)
	s.Fault(cf.CC, cf.Fault{Kind: cf.Slow, Delay: time.Hour, Route: "POST /v3/apps"})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := client.EnsurePlaceholder(ctx, group); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
