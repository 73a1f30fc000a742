package faults

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestHangingAPIServer has every kind of request while Kubernetes takes
// connections and answers none. Each is answered 503 before the platform loses
// its patience, and nothing is half-done when Kubernetes is back.
func TestHangingAPIServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared, 1)
	i, next, binding := w.only(), w.newInstance(1), uuid.NewString()
	w.bind(i, binding, w.app())
	w.rest()
	ctx := t.Context()
	release := w.replicas[0].gate.hang()
	var asked sync.WaitGroup
	for what, request := range map[string]func(*rig.Client) (rig.Answer, error){
		"create": w.provision(next),
		"update": func(c *rig.Client) (rig.Answer, error) {
			return c.Update(ctx, i.Instance, map[string]any{"parameters": map[string]any{"number": 7}})
		},
		"bind":   w.binder(i, uuid.NewString(), w.app()),
		"delete": func(c *rig.Client) (rig.Answer, error) { return c.Deprovision(ctx, i.Instance) },
		"fetch":  func(c *rig.Client) (rig.Answer, error) { return c.Fetch(ctx, i.Instance) },
		"unbind": func(c *rig.Client) (rig.Answer, error) { return c.Unbind(ctx, i.Instance, binding) },
		"fetch binding": func(c *rig.Client) (rig.Answer, error) {
			return c.FetchBinding(ctx, i.Instance, binding)
		},
	} {
		asked.Go(func() {
			started := time.Now()
			answer := w.send(request)
			if took := time.Since(started); took > 50*time.Second { // Cloud Foundry waits for 60 s
				t.Errorf("%s took %s", what, took)
			}
			if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s got %d %v %s", what, answer.Status, answer.Header, answer.Body)
			}
		})
	}
	asked.Wait()
	release()
	w.rest()
	w.create(next)
	w.update(i, 8)
	w.unbind(i, binding)
	w.delete(i)
	w.rest()
}
