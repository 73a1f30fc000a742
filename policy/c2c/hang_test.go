package c2c_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const callers = 20

// atOnce makes the call in many goroutines and returns their errors.
func atOnce(call func() error) []error {
	failures := make([]error, callers)
	var group sync.WaitGroup
	for i := range failures {
		group.Go(func() { failures[i] = call() })
	}
	group.Wait()
	return failures
}

// TestHanging has one part of CF accept requests and never answer. Callers
// return when their context ends, and name the part. They don't queue behind
// one another: each would wait a minute.
func TestHanging(t *testing.T) {
	for part, want := range map[cf.Part]string{
		cf.APIRoot:   "waiting for the root of the CF API",
		cf.UAA:       "waiting for a token from UAA",
		cf.PolicyAPI: "/networking/v1/external/policies",
	} {
		t.Run(string(part), func(t *testing.T) {
			s := stand(t, cf.Options{})
			s.Fault(part, cf.Fault{Kind: cf.Slow, Delay: time.Hour})
			patient := settings(s)
			patient.Timeout = time.Minute
			client := c2c.New(patient, func(string, error) {})
			begin := time.Now()
			for _, err := range atOnce(func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				_, err := client.List(ctx)
				return err
			}) {
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("the callers took %s", took)
			}
		})
	}
}

// TestTimeout ends requests by the client's own limit, all of them together,
// and says which setting that is.
func TestTimeout(t *testing.T) {
	for part, name := range map[cf.Part]string{cf.APIRoot: "the root", cf.UAA: "UAA", cf.PolicyAPI: "the policy server"} {
		t.Run(string(part), func(t *testing.T) {
			s := stand(t, cf.Options{})
			s.Fault(part, cf.Fault{Kind: cf.Slow, Delay: time.Hour})
			hasty := settings(s)
			hasty.Timeout = time.Second
			client := c2c.New(hasty, func(string, error) {})
			begin := time.Now()
			for _, err := range atOnce(func() error { _, err := client.List(t.Context()); return err }) {
				if err == nil || !strings.Contains(err.Error(), "CF_REQUEST_TIMEOUT (1s)") || !strings.Contains(err.Error(), name) {
					t.Errorf("error %v, want it to name CF_REQUEST_TIMEOUT and %s", err, name)
				}
			}
			if took := time.Since(begin); took > callers*hasty.Timeout/2 {
				t.Errorf("%d callers took %s: one after the other", callers, took)
			}
			s.Clear()
			if _, err := client.List(t.Context()); err != nil {
				t.Errorf("answered again, and %v", err)
			}
		})
	}
}

// TestTokensEndUnderLoad ends every token again and again while many callers
// share the connection, with policies and placeholder apps.
func TestTokensEndUnderLoad(t *testing.T) {
	c := &clock{now: time.Now()}
	s := stand(t, cf.Options{Client: maker, TokenLife: time.Hour, Clock: c.Now})
	client := c2c.New(inSpace(s), func(string, error) {})
	for range 5 {
		for _, err := range atOnce(func() error {
			_, listErr := client.List(t.Context())
			_, ensureErr := client.EnsurePlaceholder(t.Context(), group)
			return errors.Join(listErr, ensureErr)
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		c.advance(2 * time.Hour)
	}
	if apps := len(s.Apps()); apps != 2 {
		t.Errorf("%d apps, want the source and one placeholder", apps)
	}
}
