package watch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// client resolves every name without pause, as apps do for each connection.
type client struct {
	cancel   context.CancelFunc
	ended    chan struct{}
	resolved int
	strange  []string // answers that no pod of the instance has ever had
	lost     []string // when the anchor wasn't there
	doubts   []answer // that the cluster spoke against when they were given

	mu     sync.Mutex
	judges []bool // whose names are judged, by the number of the instance
}

const (
	// aim is how long after the cluster's change a name is to be right. How often it
	// isn't is logged.
	aim = time.Second
	// within is how long it may take: a controller that has read what was said within
	// moments in another order is told again a second later, as names/publish says.
	within = aim + time.Second
)

func (w *world) startClient() *client {
	ctx, cancel := context.WithCancel(w.Context())
	c := &client{cancel: cancel, ended: make(chan struct{})}
	anchor := w.instances[0].pods("anchor")[0].Status.PodIP
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			for i, p := range w.instances {
				for _, name := range namesOf(p) {
					c.resolve(ctx, w, i, name, anchor)
				}
			}
		}
	}()
	return c
}

// judge has answers judged from now on, those of the instances that are bound, or no
// longer: while something is away, names stay as they are.
func (c *client) judge(bound []bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judges = slices.Clone(bound)
}

func (c *client) isJudging(instance int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return instance < len(c.judges) && c.judges[instance]
}

func (c *client) resolve(ctx context.Context, w *world, instance int, name, anchor string) {
	judging, p := c.isJudging(instance), w.instances[instance]
	a := answer{name: name, asked: time.Now()}
	var err error
	if a.addresses, err = w.discovery.Resolve(ctx, name); err != nil {
		return // the controller has only just started
	}
	a.given = time.Now()
	c.resolved++
	if strings.HasPrefix(name, "anchor."+w.instances[0].namespace) && fmt.Sprint(a.addresses) != "["+anchor+"]" {
		c.lost = append(c.lost, fmt.Sprintf("%v at %s", a.addresses, a.asked.Format("15:04:05.000")))
	}
	for _, address := range a.addresses {
		if !w.census.had(p.namespace, address.String()) {
			c.strange = append(c.strange, fmt.Sprintf("%s led to %s", name, address))
		}
	}
	if judging && c.isJudging(instance) && len(w.census.judge(a, 0)) > 0 {
		a.owners = strings.Join(w.census.strangers(p.namespace, a.addresses), ", ")
		c.doubts = append(c.doubts, a)
	}
}

// verdict is what became of the answers that were in doubt.
type verdict struct {
	strangers int      // those that led to an address which another instance's pod had by then
	missed    int      // those that were wrong for longer than the aim
	late      []string // those that were wrong for longer than may be
}

func (c *client) verdict(w *world) (v verdict) {
	for _, a := range c.doubts {
		if a.owners != "" {
			v.strangers++
		}
		if len(w.census.judge(a, aim)) > 0 {
			v.missed++
		}
		for _, what := range w.census.judge(a, within) {
			v.late = append(v.late, fmt.Sprintf("at %s %s: %s; %s", a.asked.Format("15:04:05.000"), a.name, what, a.owners))
		}
	}
	return v
}

func (c *client) stop(t *testing.T, w *world) {
	t.Helper()
	c.cancel()
	<-c.ended
	if c.resolved == 0 {
		t.Error("the client has had no answer, so that nothing was judged")
	}
	v := c.verdict(w)
	t.Logf("the client resolved %d times; %d answers weren't what the cluster said at that moment, %d of these held an address that another instance's pod had by then; %d were wrong for more than %s after its change",
		c.resolved, len(c.doubts), v.strangers, v.missed, aim)
	for what, all := range map[string][]string{
		"a name led to an address that no pod of its instance has ever had": c.strange,
		"the anchor's name didn't lead to it":                               c.lost,
		"a name was wrong for too long after the cluster's change":          v.late,
	} {
		if len(all) > 0 {
			t.Errorf("%s, %d times: %s", what, len(all), strings.Join(all[:min(len(all), 5)], "\n"))
		}
	}
}
