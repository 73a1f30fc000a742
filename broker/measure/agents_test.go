package measure

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/test/gather"
)

// TestAgents: what can't be told of agents isn't there, and keeps no scrape from the rest.
func TestAgents(t *testing.T) {
	var err error
	registry := prometheus.NewRegistry()
	Derived{
		Instances: func() Instances { return Instances{} }, Ends: func() map[string]time.Time { return nil },
		Agents: func(context.Context) (int, int, error) { return 3, 1, err },
	}.Register(registry)
	if got := gather.Gauges(t, registry); got["cf_helm_broker_agents"] != 3 || got["cf_helm_broker_agents_lagging"] != 1 {
		t.Errorf("it tells %v", got)
	}
	err = errors.New("no right")
	got := gather.Gauges(t, registry)
	if _, told := got["cf_helm_broker_agents"]; told {
		t.Errorf("it tells %v", got)
	}
	if _, told := got["cf_helm_broker_oldest_operation_seconds"]; !told {
		t.Errorf("the rest isn't told: %v", got)
	}
}
