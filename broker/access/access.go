package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/lock"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/events"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Settings are the operator's choices.
type Settings struct {
	// RequestLimit is how long a request may take.
	RequestLimit time.Duration
	// Resync is the time between looks at the actual policies.
	Resync time.Duration
	// WithinInstance lets the pods of one instance reach each other.
	WithinInstance bool
	// DNSGroup is the policy group of the cluster's DNS, which instances may
	// then ask; "" where their pods need no policy for that.
	DNSGroup string
	// Shared are services of the cluster that every bind opens to the app.
	Shared []chart.SharedService
	// CredHub keeps bindings' credentials; nil: the platform is given them, and what is
	// there from before can't be removed.
	CredHub CredHub
	// Placeholders makes and deletes the policy groups of ToApp; nil where no CF
	// API is configured.
	Placeholders policy.Placeholders
	// Mark tells the nodes that have pods of an instance that policies to it have
	// changed, and returns what AwaitPolled wants; nil: they see for themselves.
	Mark func(ctx context.Context, i record.Instance) (revision string, err error)
	// AwaitPolled waits until these nodes have looked for policies since then. It
	// returns those that haven't when ctx ends.
	AwaitPolled func(ctx context.Context, i record.Instance, revision string) (lagging []string, err error)
	// Tell tells of the instance in its namespace; nil: nothing does.
	Tell func(ctx context.Context, i record.Instance, e events.Event)
	// NodesPatience is how long a bind waits for them; 0: it doesn't.
	NodesPatience time.Duration
	// FollowAddresses has policies be looked at when pods come and go: they hold
	// their addresses on some network.
	FollowAddresses bool
	// PoliciesPerBinding and PoliciesPerInstance are how many policies a binding,
	// unless its plan says, and all of an instance's bindings, may open, and, apart from
	// these, an instance's own pods among themselves; 0: any number, of the latter mostOwn.
	PoliciesPerBinding, PoliciesPerInstance int
}

// Access has the policies of bindings be what their records say.
type Access struct {
	settings Settings
	charts   *locate.Charts
	records  *record.Store
	networks Networks // without any that enforces: policies are off
	metrics  *measure.Metrics
	log      lager.Logger

	locks   lock.Named   // by instance id: held while its policies change
	posting sync.RWMutex // held while recorded policies are posted again; for reading, while those of one instance are changed
	posted  posted
	// unsettled holds a token when policies may have to be opened or closed.
	unsettled chan struct{}
}

// New returns the access to the instances of the records.
func New(settings Settings, charts *locate.Charts, records *record.Store, networks Networks, metrics *measure.Metrics, log lager.Logger) *Access {
	return &Access{settings: settings, charts: charts, records: records, networks: networks, metrics: metrics, log: log.Session("access"), unsettled: make(chan struct{}, 1)}
}

// Enforced tells whether anything is opened and closed at all.
func (a *Access) Enforced() bool { return len(a.networks.Enforce) > 0 }

// Hold keeps all others of this process from changing what the instance's bindings
// open, until release is called.
func (a *Access) Hold(ctx context.Context, instanceID string) (release func(), err error) {
	return a.locks.Acquire(ctx, instanceID)
}

// AskRound asks for a round, where the leading replica has them.
func (a *Access) AskRound() {
	select {
	case a.unsettled <- struct{}{}:
	default: // there will be one anyway
	}
}

// Opens tells whether the binding opens anything: a service key has no app.
func (a *Access) Opens(b record.Binding) bool { return b.AppGUID != "" && a.Enforced() }

// EnsurePlaceholder makes the placeholder app of an instance, and returns its GUID.
func (a *Access) EnsurePlaceholder(ctx context.Context, instanceID string) (group string, err error) {
	if a.settings.Placeholders == nil {
		return "", errors.New("the service instance was to have a placeholder app, and no CF API is configured any more; delete it and create it again")
	}
	if group, err = a.settings.Placeholders.EnsurePlaceholder(ctx, instanceID); err != nil {
		return "", fmt.Errorf("making the placeholder app that policies point to: %w", err)
	}
	return group, nil
}

// DrawUp fills in what a new binding opens, these endpoints of the instance's and
// the shared services of the plan, and its state from then on. The error is a
// PolicyLimitError if that is more than it may.
func (a *Access) DrawUp(b record.Binding, i record.Instance, plan chart.Plan, endpoints []view.Endpoint) (record.Binding, error) {
	b, err := next(b, drawnUp, b.Started, a.requestLife())
	if err != nil || !a.Opens(b) {
		return b, err
	}
	shared, _ := a.SharedServices(i, plan)
	wanted := bindingNeed(b, pods{group: i.PolicyGroup, former: i.FormerGroups, endpoints: endpoints, all: true}, policy.Merged(sharedPolicies(b.AppGUID, shared)))
	b.Policies, b.SharedGroups, b.Networks = policy.Unique(wanted.policies), wanted.shared, a.networks.Enforce
	return b, a.policyLimit(b, plan, b.Policies)
}
