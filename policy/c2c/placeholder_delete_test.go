package c2c_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestDeletionsJob waits for the job, tells how it failed, and waits no longer
// than the caller.
func TestDeletionsJob(t *testing.T) {
	for name, c := range map[string]struct {
		jobs cf.Jobs
		left int
		want string
	}{
		"done later":   {cf.Jobs{Polls: 3}, 0, ""},
		"failed":       {cf.Jobs{Error: "an unbinding is in progress"}, 1, "(app.delete) failed: an unbinding is in progress (CF-UnprocessableEntity)"},
		"failed later": {cf.Jobs{Polls: 2, Error: "no"}, 1, "failed: no"},
		"never ends":   {cf.Jobs{Polls: -1}, 1, "waiting for the cloud controller's job"},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := placeholders(t)
			ensure(t, client, group)
			s.SetJobs(c.jobs)
			limit := 30 * time.Second
			if c.jobs.Polls < 0 {
				limit = 500 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			err := client.DeletePlaceholder(ctx, group, "")
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if ended := errors.Is(err, context.DeadlineExceeded); ended != (c.jobs.Polls < 0) {
				t.Errorf("the context ended: %v, error %v", ended, err)
			}
			if left := len(s.Apps()); left != c.left {
				t.Errorf("%d apps left, want %d", left, c.left)
			}
			s.SetJobs(cf.Jobs{})
			if err := client.DeletePlaceholder(t.Context(), group, ""); err != nil || len(s.Apps()) != 0 {
				t.Errorf("once more: %v, apps %+v", err, s.Apps())
			}
		})
	}
}

// TestDeletionsAtOnce has replicas delete the same app.
func TestDeletionsAtOnce(t *testing.T) {
	s, client := placeholders(t)
	ensure(t, client, group)
	s.SetJobs(cf.Jobs{Polls: 5})
	for _, err := range atOnce(func() error { return client.DeletePlaceholder(t.Context(), group, "") }) {
		if err != nil {
			t.Error(err)
		}
	}
	if apps := s.Apps(); len(apps) != 0 {
		t.Errorf("left %+v", apps)
	}
}

// TestDeletionsAnswerLost has the app gone though the answer never came.
func TestDeletionsAnswerLost(t *testing.T) {
	s, client := placeholders(t)
	ensure(t, client, group)
	s.Fault(cf.CC, cf.Fault{Kind: cf.AnswerLost, Times: 1, Route: "DELETE /v3/apps/{guid}"})
	if err := client.DeletePlaceholder(t.Context(), group, ""); err == nil {
		t.Error("the answer was lost, and all went well")
	}
	if err := client.DeletePlaceholder(t.Context(), group, ""); err != nil || len(s.Apps()) != 0 {
		t.Errorf("once more: %v, apps %+v", err, s.Apps())
	}
}

// TestGoneMeanwhile has somebody delete the app between the look and the
// deletion.
func TestGoneMeanwhile(t *testing.T) {
	s, first := placeholders(t)
	guid := ensure(t, first, group)
	client := c2c.New(inSpace(s), func(call string, _ error) {
		if call == "find-app" {
			s.DeleteApp(guid)
		}
	})
	if err := client.DeletePlaceholder(t.Context(), group, ""); err != nil {
		t.Error(err)
	}
}

// TestDeletionAfterAMove finds the app where it was made, after CF_SPACE was
// changed.
func TestDeletionAfterAMove(t *testing.T) {
	s, client := placeholders(t)
	ensure(t, client, group)
	s.AddSpace("demo", "other")
	moved := inSpace(s)
	moved.Space = "other"
	now := c2c.New(moved, func(string, error) {})
	ensure(t, now, group)
	if err := now.DeletePlaceholder(t.Context(), group, ""); err != nil || len(s.Apps()) != 0 {
		t.Errorf("%v, apps %+v", err, s.Apps())
	}
}

// TestUnseenIsNotGone: a client that lost its role sees no app, which doesn't
// mean that there is none.
func TestUnseenIsNotGone(t *testing.T) {
	s, client := placeholders(t)
	ensure(t, client, group)
	s.AddClient(cf.Client{ID: "stranger", Secret: "x", Authorities: []string{"cloud_controller.read", "cloud_controller.write"}})
	with := inSpace(s)
	with.ClientID, with.ClientSecret = "stranger", "x"
	err := c2c.New(with, func(string, error) {}).DeletePlaceholder(t.Context(), group, "")
	if err == nil || !strings.Contains(err.Error(), c2c.Roles) || len(s.Apps()) != 1 {
		t.Errorf("error %v, apps %+v", err, s.Apps())
	}
}

// TestDeletionByGUID finds the app that is recorded though somebody has renamed
// it, and without any space being set any more. It spares what isn't labelled.
func TestDeletionByGUID(t *testing.T) {
	s, client := placeholders(t)
	const renamed = "e0c7b7a4-8a55-4f3b-9d3e-0c5a1f6b7d8e"
	label := map[string]string{"cf-helm-broker.io/placeholder-for": group}
	for name, c := range map[string]struct {
		labels map[string]string
		guid   string
		left   int
	}{"by its GUID": {label, renamed, 0}, "another GUID": {label, app, 1}, "without the label": {nil, renamed, 1}} {
		s.AddApp(cf.App{GUID: renamed, Name: "renamed", Labels: c.labels})
		taken := inSpace(s)
		if c.left == 0 {
			taken.Org, taken.Space = "", ""
		}
		err := c2c.New(taken, func(string, error) {}).DeletePlaceholder(t.Context(), group, c.guid)
		if left := s.Apps(); err != nil || len(left) != c.left {
			t.Errorf("%s: %v, apps %+v", name, err, left)
		}
		s.DeleteApp(renamed)
	}
	if err := client.DeletePlaceholder(t.Context(), group, renamed); err != nil {
		t.Errorf("when it is gone: %v", err)
	}
}
