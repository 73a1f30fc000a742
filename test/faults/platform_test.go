package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// send sends a request once, to any replica that runs. An answer that never
// came has status 0.
func (w *world) send(request func(*rig.Client) (rig.Answer, error)) rig.Answer {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c := w.replicas[rand.IntN(len(w.replicas))].client(); c != nil {
			answer, err := request(c)
			if err != nil {
				return rig.Answer{Body: []byte(err.Error())}
			}
			return answer
		}
	}
	return rig.Answer{Body: []byte("no broker has been running for " + patience.String())}
}

// insist repeats a request until it is answered, as a person at the `cf` prompt
// would: again if it was cut off, if the broker asks for it, or if the broker
// is busy with what was cut off.
func (w *world) insist(request func(*rig.Client) (rig.Answer, error)) rig.Answer {
	w.t.Helper()
	var answer rig.Answer
	w.eventually(func() string {
		if answer = w.send(request); answered(answer) {
			return ""
		}
		return fmt.Sprintf("the request is still answered with %d: %s", answer.Status, answer.Body)
	})
	return answer
}

func answered(a rig.Answer) bool {
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &body)
	return a.Status != 0 && a.Status < 500 && body.Error != "ConcurrencyError"
}

// await polls until the operation has ended.
func (w *world) await(i *instance, operation string) rig.Operation {
	w.t.Helper()
	return w.poll(w.poller(i, operation))
}

func (w *world) poller(i *instance, operation string) func(*rig.Client) (rig.Answer, error) {
	return func(c *rig.Client) (rig.Answer, error) {
		answer, _, err := c.LastOperation(w.t.Context(), i.Instance, operation)
		return answer, err
	}
}

func (w *world) awaitBinding(i *instance, binding, operation string) rig.Operation {
	w.t.Helper()
	path := fmt.Sprintf("/v2/service_instances/%s/service_bindings/%s/last_operation?service_id=%s&plan_id=%s&operation=%s", i.ID, binding, i.Service.ID, i.Plan.ID, operation)
	return w.poll(func(c *rig.Client) (rig.Answer, error) { return c.Send(w.t.Context(), http.MethodGet, path, nil) })
}

func (w *world) poll(request func(*rig.Client) (rig.Answer, error)) (o rig.Operation) {
	w.t.Helper()
	w.eventually(func() string {
		answer := w.insist(request)
		if answer.Status == http.StatusGone {
			o = rig.Operation{State: "gone"}
			return ""
		}
		if err := answer.Decode(&o); err != nil || answer.Status != http.StatusOK {
			return fmt.Sprintf("polling is answered with %d: %s", answer.Status, answer.Body)
		}
		if o.State == "in progress" {
			return "still in progress: " + o.Description
		}
		return ""
	})
	return o
}

// create makes the instance, whatever it takes.
func (w *world) create(i *instance) {
	w.t.Helper()
	for !w.carriedThrough("create", i, 201, w.provision(i)) {
		w.delete(i)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.gone, i.ID)
	w.instances[i.ID], i.created = i, true
}

func (w *world) provision(i *instance) func(*rig.Client) (rig.Answer, error) {
	return func(c *rig.Client) (rig.Answer, error) {
		return c.Provision(w.t.Context(), i.Instance, map[string]any{"number": i.number})
	}
}

// update gives the instance another number.
func (w *world) update(i *instance, number int) {
	w.t.Helper()
	change := func(c *rig.Client) (rig.Answer, error) {
		return c.Update(w.t.Context(), i.Instance, map[string]any{"parameters": map[string]any{"number": number}})
	}
	for done := false; !done; {
		done = w.carriedThrough("update", i, 200, change)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	i.number = number
}

// bind binds an app.
func (w *world) bind(i *instance, binding, app string) {
	w.t.Helper()
	answer := w.insist(w.binder(i, binding, app))
	w.expect(answer, 200, 201)
	w.watch.note(moment{bound, binding, app, i.ID})
	w.mu.Lock()
	defer w.mu.Unlock()
	i.bindings[binding], i.issued[binding] = app, credentialsIn(answer.Body)
}

func (w *world) binder(i *instance, binding, app string) func(*rig.Client) (rig.Answer, error) {
	return func(c *rig.Client) (rig.Answer, error) {
		w.watch.note(moment{asked, binding, app, i.ID})
		return c.Bind(w.t.Context(), i.Instance, binding, app)
	}
}

// unbind removes a binding, or what may have been left of one.
func (w *world) unbind(i *instance, binding string) {
	w.t.Helper()
	w.watch.note(moment{what: leaving, binding: binding, instance: i.ID})
	answer := w.insist(func(c *rig.Client) (rig.Answer, error) { return c.Unbind(w.t.Context(), i.Instance, binding) })
	w.expect(answer, 200, 202, 410)
	if answer.Status == http.StatusAccepted {
		if o := w.awaitBinding(i, binding, answer.Operation()); o.State != "succeeded" && o.State != "gone" {
			w.t.Errorf("the unbind ended as %+v", o)
		}
	}
	w.watch.note(moment{what: left, binding: binding, instance: i.ID})
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(i.bindings, binding)
	i.unbound[binding] = true
}

// delete removes the instance, or what may have been left of one.
func (w *world) delete(i *instance) {
	w.t.Helper()
	w.watch.note(moment{what: leaving, instance: i.ID})
	answer := w.insist(func(c *rig.Client) (rig.Answer, error) { return c.Deprovision(w.t.Context(), i.Instance) })
	w.expect(answer, 200, 202, 410)
	if answer.Status == http.StatusAccepted {
		if o := w.await(i, answer.Operation()); o.State != "gone" && o.State != "succeeded" {
			w.t.Errorf("the delete ended as %+v", o)
		}
	}
	w.watch.note(moment{what: left, instance: i.ID})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instances[i.ID] == nil {
		i.unsure++
	}
	delete(w.instances, i.ID)
	w.gone[i.ID] = i
}

func (w *world) expect(answer rig.Answer, statuses ...int) {
	w.t.Helper()
	for _, status := range statuses {
		if answer.Status == status {
			return
		}
	}
	w.t.Fatalf("status %d, want one of %d: %s", answer.Status, statuses, answer.Body)
}

// carriedThrough sends a request until it is answered, awaits its operation and
// fails unless that succeeds. It is false if the broker has given up instead, as it
// may where its processes were ended twice meanwhile.
func (w *world) carriedThrough(what string, i *instance, done int, request func(*rig.Client) (rig.Answer, error)) bool {
	w.t.Helper()
	before := w.deaths()
	answer := w.insist(request)
	w.expect(answer, 200, done, 202)
	if answer.Status != http.StatusAccepted {
		return true
	}
	o := w.await(i, answer.Operation())
	if deaths := w.deaths() - before; o.State == "failed" && strings.HasPrefix(o.Description, endedTwice) && deaths >= 2 {
		w.t.Logf("the %s was given up after %d deaths: %s", what, deaths, o.Description)
		return false
	}
	if o.State != "succeeded" {
		w.t.Errorf("the %s ended as %+v", what, o)
	}
	return true
}

const endedTwice = "the broker's process ended twice while doing this"

// deaths are those of all replicas so far.
func (w *world) deaths() (n int) {
	for _, r := range w.replicas {
		r.mu.Lock()
		n += r.deaths
		r.mu.Unlock()
	}
	return n
}
