package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// operationLimit ends a demonstration in which an operation hangs.
const operationLimit = 2 * time.Minute

// demo is a demonstration under way. Each step finds what the steps before it
// have made.
type demo struct {
	*stage
	*rig.Client
	out     printer
	catalog rig.Catalog
	redis   rig.Instance
	host    string // in the first app's credentials
	// The bindings' ids.
	webBinding, jobsBinding string
}

// demonstrate starts everything, walks through the steps and stops everything
// again. It fails at the first step that isn't as it should be.
func demonstrate(ctx context.Context, out printer) (err error) {
	begin := time.Now()
	s, err := openStage(ctx, out)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, s.close()); err == nil {
			out.line("\nAll as it should be, and all cleaned up, in %.0f s.", time.Since(begin).Seconds())
		}
	}()
	d := &demo{stage: s, out: out, Client: s.broker.Client(), webBinding: uuid.NewString(), jobsBinding: uuid.NewString()}
	d.HTTP.Transport = &tracer{next: d.HTTP.Transport, out: out}
	for n, step := range d.steps() {
		out.heading(n+1, step.title)
		if err := step.walk(ctx); err != nil {
			err = fmt.Errorf("step %d (%s): %w", n+1, step.title, err)
			return errors.Join(unlessInterrupted(ctx, err), s.brokerEnded())
		}
	}
	return nil
}

type step struct {
	title string
	walk  func(context.Context) error
}

func (d *demo) steps() []step {
	steps := []step{
		{"What is on offer", d.marketplace},
		{"A service: a chart in a namespace of its own", d.createService},
		{"Nobody reaches it yet", d.closedDoor},
		{"Binding an app opens the way, for that app only", d.bindFirst},
		{"A second app", d.bindSecond},
		{"A pod that moves is found by its name", d.follow},
		{"What Cloud Foundry's cleanup takes comes back by itself", d.heal},
		{"Unbinding closes the way again, for that app only", d.unbindFirst},
	}
	if d.wire == nil { // the overlay's pods have no images that can't be pulled
		steps = append(steps, step{"A service that can't start says why", d.brokenService})
	}
	return append(steps, step{"Nothing stays behind", d.deleteService})
}

// want fails unless the request was answered with the status.
func want(status int, answer rig.Answer, err error) (rig.Answer, error) {
	if err == nil && answer.Status != status {
		err = fmt.Errorf("the broker answered with status %d instead of %d: %s", answer.Status, status, answer.Body)
	}
	return answer, err
}

// await shows an operation's progress and fails unless it ends in the state.
func (d *demo) await(ctx context.Context, i rig.Instance, operation, state string) error {
	ctx, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	o, err := d.Await(ctx, i, operation, d.show)
	if err != nil {
		return err
	}
	if o.State == gone {
		d.show(rig.Operation{State: gone, Description: "the broker answers 410 Gone"})
	}
	if o.State != state {
		return fmt.Errorf("the operation ended as %q instead of %q: %s", o.State, state, o.Description)
	}
	return nil
}

// gone is what Await calls an instance that isn't there any more.
const gone = "gone"

// show shows an operation's state, once there is something to say.
func (d *demo) show(o rig.Operation) {
	if o.State != "in progress" || o.Description != "" {
		d.out.labelled(o.State, o.Description)
	}
}

// name is what a person calls an id that a policy holds.
func (d *demo) name(id string) string {
	switch id {
	case d.web.GUID:
		return d.web.Name
	case d.jobs.GUID:
		return d.jobs.Name
	case d.redis.ID:
		return redisName
	}
	return "?"
}

// wantPolicies shows the policies and fails unless they open redis to exactly
// these apps, and packets, where any are sent, go as the policies say.
func (d *demo) wantPolicies(ctx context.Context, apps ...cf.App) error {
	d.out.command("cf curl /networking/v1/external/policies")
	have := d.cf.Policies()
	fromPods := func(p cf.Policy) bool { return p.Source.ID == p.Destination.ID }
	if len(have) > 0 {
		rows := [][]string{{"source", "destination", "protocol", "ports"}}
		for _, p := range have {
			source := "app "
			if fromPods(p) {
				source = "pods of "
			}
			rows = append(rows, []string{
				source + d.name(p.Source.ID) + ", " + short(p.Source.ID),
				"pods of " + d.name(p.Destination.ID) + ", " + short(p.Destination.ID),
				p.Destination.Protocol,
				portRange(p.Destination.Ports),
			})
		}
		d.out.table(rows...)
	}
	have = slices.DeleteFunc(have, fromPods)
	if len(have) == 0 {
		d.out.note("none from an app: the overlay denies every app's packets to the pods")
	}
	left := map[cf.Policy]bool{}
	for _, p := range have {
		left[p] = true
	}
	for _, app := range apps {
		wanted := cf.NewPolicy(app.GUID, d.redis.ID, "tcp", redisPort, redisPort)
		if !left[wanted] {
			return fmt.Errorf("there is no policy that lets %s to %s on tcp port %d", app.Name, redisName, redisPort)
		}
		delete(left, wanted)
	}
	if len(left) > 0 {
		return fmt.Errorf("there are policies that shouldn't be: %v", left)
	}
	return d.wantPackets(ctx, apps...)
}

func portRange(p cf.Ports) string {
	if p.Start == p.End {
		return fmt.Sprint(p.Start)
	}
	return fmt.Sprintf("%d-%d", p.Start, p.End)
}
