package networkpolicy_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// BenchmarkRound2000 looks for what is missing of 2,000 bindings, 20 of each of 100
// instances, where nothing is. The processor time is this process', without the API server's.
func BenchmarkRound2000(b *testing.B) {
	const instances, bindings = 100, 20
	apps, err := networkpolicy.Preset(networkpolicy.KindDeployment)
	if err != nil {
		b.Fatal(err)
	}
	s := &scene{ends: ends{apps: map[string]string{}, places: map[string]networkpolicy.Place{}}}
	s.Enforcer, err = networkpolicy.New(networkpolicy.Settings{Broker: "bench", Apps: apps}, broker, s.ends)
	if err != nil {
		b.Fatal(err)
	}
	var all []policy.Policy
	for range instances {
		group := uuid.NewString()
		s.ends.places[group] = networkpolicy.Place{Clients: broker, Namespace: namespaceOf(b, group), Closed: true}
		for range bindings {
			app := uuid.NewString()
			s.ends.apps[app] = ""
			all = append(all, policy.To(app, group, "tcp", 5432))
		}
	}
	var making errgroup.Group
	for some := range slices.Chunk(all, bindings) {
		making.Go(func() error { return s.Create(b.Context(), some) })
	}
	if err := making.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if missing, err := s.Missing(b.Context(), all); err != nil || len(missing) > 0 {
			b.Fatal(len(missing), err)
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
