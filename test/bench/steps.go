package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// step measures some of the rows.
type step struct {
	name, does string
	take       func(context.Context, *stage) ([]row, error)
	extra      bool // only where it is asked for
}

// allSteps are in the order in which they are taken.
func allSteps() []step {
	return []step{
		{name: "create", does: "creates, one at a time, in turn with both baselines", take: measureCreates},
		{name: "burst", does: "100 creates, 20 at a time, and both baselines", take: measureBurst},
		{name: "flux", does: "300 releases of a Deployment scaled to zero, 10 at a time", take: measureFlux},
		{name: "processor", does: "processor time of creates, and where it goes", take: measureProcessor},
		{name: "bind", does: "bind and unbind with a policy", take: measureBinds},
		{name: "delete", does: "deletes, beside those of plain namespaces", take: measureDeletes},
		{name: "neighbour", does: "a create while another space creates hundreds", take: measureNeighbour},
		{name: "flood", does: "memory of a broker that is asked for 500 instances at once", take: measureFlood},
		{name: "scale", does: "creates without and with 2,000 instances present", take: measureScale},
		{name: "restart", does: "restarts with 2,000 instances", take: measureRestarts},
		{name: "idle", does: "memory and requests with 2,000 instances, for a minute", take: measureIdle},
		{name: "poll", does: "last_operation with 2,000 instances", take: measurePolls},
		{name: "policies", does: "policy rounds with 10,000 bindings", take: measureRounds},
		{name: "names", does: "how soon a name leads to a new pod", take: measureNames},
		{name: "naming", does: "what it takes to keep 2,000 instances' names, for a minute", take: measureNamesOfCrowd},
		{name: "go", does: "Go benchmarks of the pure parts", take: measureGo},
		{name: "upgrade", does: "1,000 upgrades to a new chart version, 20 at a time, after as many creates", take: measureUpgrades, extra: true},
		{name: "canaries", does: "1,000 instances, a chart version that breaks one in three, and one that is mended", take: measureCanaries, extra: true},
		{name: "trace", does: "the requests of one create, bind, unbind and delete, in order", take: traceRequests, extra: true},
		{name: "crowded", does: "the requests of creates while another space creates hundreds", take: traceNeighbour, extra: true},
	}
}

// choose returns the steps that are named, with commas between; all but the
// extra ones if none is.
func choose(wanted string) ([]step, error) {
	all := allSteps()
	if wanted == "" {
		return slices.DeleteFunc(all, func(s step) bool { return s.extra }), nil
	}
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	asked := strings.Split(wanted, ",")
	for _, name := range asked {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("BENCH names %q; the steps are %s", name, strings.Join(names, ","))
		}
	}
	return slices.DeleteFunc(all, func(s step) bool { return !slices.Contains(asked, s.name) }), nil
}
