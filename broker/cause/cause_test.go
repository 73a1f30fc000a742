package cause

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestOf: what an error is counted as, however it was wrapped, and that this is one of All.
func TestOf(t *testing.T) {
	broken := errors.New("template: no such function")
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		err  error
		want Cause
	}{
		"not ready":                      {&readiness.NotReadyError{}, "not-ready"},
		"not ready, and why":             {&readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Image}}, "image"},
		"a hook":                         {&readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Crash, Hook: true}}, "hook"},
		"not ready in the time limit":    {Else(Late, &readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Volume}}), "volume"},
		"no pod for a bind":              {fmt.Errorf("%w after 5s", view.ErrNoReadyPod), "not-ready"},
		"a chart's own mistake":          {Else(Refused, broken), Refused},
		"refused by the API":             {Else(Refused, apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "x", nil)), Refused},
		"refused by the API, at a bind":  {apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "x", nil), Refused},
		"the API doesn't answer":         {Else(Refused, fmt.Errorf("installing the chart: %w", refused)), Unreachable},
		"the API has troubles":           {Else(Refused, apierrors.NewInternalError(broken)), Unreachable},
		"the API doesn't let it in":      {apierrors.NewUnauthorized("no"), Unreachable},
		"time is up":                     {Else(Late, Else(Refused, broken)), Late},
		"time is up, and context says":   {Else(Refused, context.DeadlineExceeded), Late},
		"a namespace that stays":         {Else(Late, &tenant.RetryableError{Why: "it is still being deleted"}), Late},
		"a policy is refused":            {&policy.Error{Status: http.StatusForbidden}, Policies},
		"the policy server has troubles": {&policy.Error{Status: http.StatusBadGateway}, Unreachable},
		"no such instance":               {record.ErrNotFound, Request},
		"parameters":                     {&locate.InvalidError{}, Request},
		"the instance is being changed":  {locate.ErrBusy, Request},
		"the instance's create failed":   {&locate.FailedError{}, Request},
		"the broker's own mistake":       {fmt.Errorf("%w; delete the service instance", Else(Broker, broken)), Broker},
		"anything else":                  {broken, Other},
	} {
		got := Of(fmt.Errorf("doing something: %w", c.err))
		if got != c.want {
			t.Errorf("%s is %s, want %s", name, got, c.want)
		}
		if !slices.Contains(All(), got) {
			t.Errorf("%s isn't one of all", got)
		}
	}
	if Else(Broker, nil) != nil {
		t.Error("a mark makes an error")
	}
}
