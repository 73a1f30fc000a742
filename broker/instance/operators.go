package instance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
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
	// NotGranted are the kinds that it defines and service instances may not make
	// objects of, as "databases.db.example.com".
	NotGranted []string `json:"not_granted,omitempty"`
}

// Operators sees to them. The releases in the cluster are the only record of them, but for what their pods may reach.
type Operators struct {
	wanted  func() []chart.Service
	cluster *helmsvc.Cluster
	records *record.Store
	access  *access.Access
	prefix  string        // of their namespaces
	limit   time.Duration // for the installing of each
	grant   bool          // instances get rights to all kinds that operators define
	log     lager.Logger
	changed chan struct{} // holds a token when the charts have been read again

	mu     sync.Mutex
	first  chan struct{}   // closed when this term has seen to all operators once; guarded by mu
	states []OperatorState // guarded by mu
}

// NewOperators returns the operators that wanted returns, as they are now, each to
// be installed into a namespace "<prefix>-operator-<chart>" of the cluster within
// limit. With grantKinds instances may make objects of all kinds that they define.
func NewOperators(wanted func() []chart.Service, cluster *helmsvc.Cluster, records *record.Store, access *access.Access, prefix string, limit time.Duration, grantKinds bool, log lager.Logger) *Operators {
	return &Operators{wanted: wanted, cluster: cluster, records: records, access: access, prefix: prefix, limit: limit, grant: grantKinds, log: log.Session("operator"), changed: make(chan struct{}, 1)}
}

// CatalogChanged is told when the charts have been read again.
func (o *Operators) CatalogChanged() {
	select {
	case o.changed <- struct{}{}:
	default: // they will be looked at anyway
	}
}

// Run installs the operators, and again whenever their charts have been read
// again, until ctx ends.
func (o *Operators) Run(ctx context.Context) {
	o.install(ctx)
	o.end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.changed:
			o.install(ctx)
		}
	}
}

// operatorPatience is how long creates and updates wait for operators when a
// replica begins to lead. What services need of them, CRDs say, is there before
// they are ready; so one that never is holds nobody up for long.
const operatorPatience = time.Minute

// Begin has creates and updates wait for them, until Run has seen to all once.
func (o *Operators) Begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.first = make(chan struct{})
}

func (o *Operators) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.first)
}

// Await waits until this term has seen to the operators once, or for
// operatorPatience. It tells waits if it has to.
func (o *Operators) Await(ctx context.Context, waits func()) {
	o.mu.Lock()
	first := o.first
	o.mu.Unlock()
	select {
	case <-first:
		return
	default:
	}
	waits()
	select {
	case <-first:
	case <-ctx.Done():
	case <-time.After(operatorPatience):
	}
}

// States returns where the operators stand.
func (o *Operators) States() []OperatorState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]OperatorState{}, o.states...) // a list also if there are none
}

func (o *Operators) set(i int, state, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.states[i].State, o.states[i].Reason = state, reason
}

// install installs the operators, or upgrades those whose chart has
// changed, one after the other, since one may need another. What may pass is
// tried again; one that fails for good stays so until the charts are read
// again, and the others go on.
func (o *Operators) install(ctx context.Context) {
	wanted := o.wanted()
	states := make([]OperatorState, len(wanted))
	for i, s := range wanted {
		states[i] = OperatorState{Operator: s.Metadata().Name, Version: s.Metadata().Version, State: "waiting"}
	}
	o.mu.Lock()
	o.states = states
	o.mu.Unlock()
	for i, s := range wanted {
		o.installOne(ctx, i, s)
	}
}

func (o *Operators) installOne(ctx context.Context, i int, operator chart.Service) {
	log := o.log.WithData(lager.Data{"operator": operator.Metadata().Name, "version": operator.Metadata().Version})
	o.set(i, "installing", "")
	bounded, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	undoing, stop := context.WithTimeout(ctx, 2*o.limit)
	defer stop()
	started := time.Now()
	var defines []schema.GroupResource
	err := wait.PollUntilContextCancel(bounded, operatorRetry, true, func(ctx context.Context) (bool, error) {
		var err error
		defines, err = o.converge(bounded, undoing, operator)
		if err == nil || ctx.Err() != nil || !retryable.Is(err) {
			return true, err
		}
		log.Error("will-retry", err)
		o.set(i, "installing", err.Error())
		return false, nil
	})
	if ctx.Err() != nil {
		return // the next process takes it up
	}
	if err != nil {
		log.Error("failed", err)
		o.set(i, "failed", err.Error())
		return
	}
	log.Info("ready", lager.Data{"seconds": time.Since(started).Seconds()})
	o.set(i, "ready", "")
	o.noteNotGranted(ctx, i, defines, log)
}

// noteNotGranted says which kinds of an operator's service instances may not make objects
// of: a chart that does would fail.
func (o *Operators) noteNotGranted(ctx context.Context, i int, defines []schema.GroupResource, log lager.Logger) {
	missing, err := o.cluster.KindsNotGranted(ctx, defines)
	if err != nil {
		log.Error("kinds-granted-unknown", err)
		return
	}
	var names []string
	for _, r := range missing {
		names = append(names, r.String())
	}
	if len(names) > 0 {
		log.Info("kinds-not-granted", lager.Data{"kinds": names,
			"meaning": "charts of services can't make objects of these: set GRANT_OPERATOR_KINDS=true, or add a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin=true, for which many operators' charts have a value"})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.states[i].NotGranted = names
}

// operatorRetry is the time between attempts where an API server is down, say.
const operatorRetry = 2 * time.Second

// converge returns the namespaced resources that the operator defines.
func (o *Operators) converge(ctx, undoing context.Context, operator chart.Service) (defines []schema.GroupResource, err error) {
	name := operator.Metadata().Name
	target := tenant.Target{Namespace: locate.OperatorNamespace(o.prefix, name), Release: name, GrantKinds: o.grant}
	// An operator has no plans: its chart's own values count, and those given beside it.
	what, err := operator.RenderUpdate(ctx, chart.Plan{KeepGenerated: true}, target.Release, target.Namespace, operator.OperatorValues())
	if err != nil {
		given, decodeErr := chart.DecodeParameters(operator.OperatorValues())
		return nil, errors.Join(redact(err, given), decodeErr)
	}
	home, err := o.records.Home(ctx)
	if err != nil {
		return nil, err
	}
	group := locate.OperatorGroup(home, name)
	if err := o.ensureNamespace(ctx, target.Namespace, name, group); err != nil {
		return nil, err
	}
	var serves []string
	target.Foresee = func(ctx context.Context, foreseen tenant.Foreseen) error {
		serves, defines = foreseen.Serves, foreseen.Defines
		return o.access.NoteServes(ctx, group, serves, false)
	}
	if err := o.cluster.Converge(ctx, undoing, target, what, o.digest(operator)); err != nil {
		return nil, redact(err, what.Values) // it may be what it was before
	}
	return defines, o.access.NoteServes(ctx, group, serves, true)
}

// digest changes with all that the operator's release is made of.
func (o *Operators) digest(operator chart.Service) string {
	if !o.grant {
		return operator.Digest
	}
	sum := sha256.Sum256([]byte(operator.Digest + " and the kinds that it defines"))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ensureNamespace makes the operator's namespace, whose pods reach what they need
// before they start. One from before gets its group, for pods that start from now on.
func (o *Operators) ensureNamespace(ctx context.Context, name, chartName, group string) error {
	if err := o.access.OpenOperator(ctx, group, chartName); err != nil {
		return err
	}
	namespace := tenant.Namespace{
		Name:        name,
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"},
		Annotations: map[string]string{operatorAnnotation: chartName, podgroup.Annotation: group},
		Owner:       operatorAnnotation,
	}
	if _, err := o.cluster.EnsureNamespace(ctx, namespace); err != nil {
		return err
	}
	return o.cluster.Regroup(ctx, namespace)
}
