package operation

import (
	"context"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// operatorAnnotation marks an operator's namespace with the chart's name.
const operatorAnnotation = "cf-helm-broker.io/operator"

// OperatorState is where an operator stands: a chart that services need, as
// Kibosh's OPERATOR_DIR holds them.
type OperatorState struct {
	Operator string `json:"operator"`
	Version  string `json:"version"`
	// State is "waiting", "installing", "ready" or "failed".
	State string `json:"state"`
	// Reason is why it failed, or is being tried again.
	Reason string `json:"reason,omitempty"`
}

// operators are the states of all operators. The releases in the cluster are
// the only record of them.
type operators struct {
	first  chan struct{} // closed when this term has seen to all operators once; guarded by mu
	wanted chan struct{} // holds a token when the charts have been read again
	mu     sync.Mutex
	states []OperatorState // guarded by mu
}

// operatorPatience is how long creates and updates wait for operators when a
// replica begins to lead. What services need of them, CRDs say, is there before
// they are ready; so one that never is holds nobody up for long.
const operatorPatience = time.Minute

func (o *operators) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.first = make(chan struct{})
}

func (o *operators) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.first)
}

// awaitOperators waits until this term has seen to the operators once, or for
// operatorPatience.
func (w *work) awaitOperators(ctx context.Context) {
	w.operators.mu.Lock()
	first := w.operators.first
	w.operators.mu.Unlock()
	select {
	case <-first:
		return
	default:
	}
	w.describe("waiting for operators to be installed")
	select {
	case <-first:
	case <-ctx.Done():
	case <-time.After(operatorPatience):
	}
}

// Operators returns where the operators stand.
func (e *Engine) Operators() []OperatorState {
	e.operators.mu.Lock()
	defer e.operators.mu.Unlock()
	return append([]OperatorState{}, e.operators.states...) // a list also if there are none
}

func (o *operators) set(i int, state, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.states[i].State, o.states[i].Reason = state, reason
}

// followOperators installs the operators whenever their charts have been read
// again, until ctx ends.
func (e *Engine) followOperators(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.operators.wanted:
			e.installOperators(ctx)
		}
	}
}

// installOperators installs the operators, or upgrades those whose chart has
// changed, one after the other, since one may need another. What may pass is
// tried again; one that fails for good stays so until the charts are read
// again, and the others go on.
func (e *Engine) installOperators(ctx context.Context) {
	wanted := e.settings.Operators()
	states := make([]OperatorState, len(wanted))
	for i, s := range wanted {
		states[i] = OperatorState{Operator: s.Metadata().Name, Version: s.Metadata().Version, State: "waiting"}
	}
	e.operators.mu.Lock()
	e.operators.states = states
	e.operators.mu.Unlock()
	for i, s := range wanted {
		e.installOperator(ctx, i, s)
	}
}

func (e *Engine) installOperator(ctx context.Context, i int, operator chart.Service) {
	log := e.log.Session("operator", lager.Data{"operator": operator.Metadata().Name, "version": operator.Metadata().Version})
	e.operators.set(i, "installing", "")
	bounded, cancel := context.WithTimeout(ctx, e.settings.TimeLimit)
	defer cancel()
	undoing, stop := context.WithTimeout(ctx, 2*e.settings.TimeLimit)
	defer stop()
	started := time.Now()
	err := wait.PollUntilContextCancel(bounded, operatorRetry, true, func(ctx context.Context) (bool, error) {
		err := e.convergeOperator(bounded, undoing, operator)
		if err == nil || ctx.Err() != nil || !MayPass(err) {
			return true, err
		}
		log.Error("will-retry", err)
		e.operators.set(i, "installing", err.Error())
		return false, nil
	})
	if ctx.Err() != nil {
		return // the next process takes it up
	}
	if err != nil {
		log.Error("failed", err)
		e.operators.set(i, "failed", err.Error())
		return
	}
	log.Info("ready", lager.Data{"seconds": time.Since(started).Seconds()})
	e.operators.set(i, "ready", "")
}

// operatorRetry is the time between attempts where an API server is down, say.
const operatorRetry = 2 * time.Second

// OperatorNamespace is the namespace of an operator's chart.
func OperatorNamespace(prefix, chart string) string { return prefix + "-operator-" + chart }

func (e *Engine) convergeOperator(ctx, undoing context.Context, operator chart.Service) error {
	name := operator.Metadata().Name
	target := tenant.Target{Namespace: OperatorNamespace(e.settings.NamespacePrefix, name), Release: name}
	// An operator has no plans: its chart's own values count.
	what, err := operator.Render(ctx, chart.Plan{}, target.Release, target.Namespace, nil)
	if err != nil {
		return err
	}
	err = e.clusters.home.EnsureNamespace(ctx, tenant.Namespace{
		Name:        target.Namespace,
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"},
		Annotations: map[string]string{operatorAnnotation: name},
		Owner:       operatorAnnotation,
	})
	if err != nil {
		return err
	}
	return e.clusters.home.Converge(ctx, undoing, target, what, operator.Digest)
}
