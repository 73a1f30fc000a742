package binding

import (
	"context"
	"errors"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/naming"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// Settings are the operator's choices.
type Settings struct {
	// Patience is how long a bind waits for the first Ready pod.
	Patience time.Duration
	// SyncWait is how long a bind that may be made later waits for it.
	SyncWait time.Duration
	// TimeLimit ends the making of a binding that was put off, counted from its
	// start.
	TimeLimit time.Duration
	// Templates evaluates the charts' bind templates.
	Templates *bindtemplate.Evaluator
	// Library makes credentials for charts without one; nil: they get all that bindings see.
	Library *bindlibrary.Library
	// Addressing has credentials hold names; nil: they hold addresses of pods.
	Addressing *view.Addressing
	// Names publishes them; nil where that isn't needed.
	Names *naming.Naming
}

// Bindings makes and revokes bindings.
type Bindings struct {
	settings Settings
	access   *access.Access
	charts   *locate.Charts
	clusters *locate.Clusters
	records  *record.Store
	metrics  *measure.Metrics
	log      lager.Logger
}

// New returns the bindings of the records.
func New(settings Settings, access *access.Access, charts *locate.Charts, clusters *locate.Clusters, records *record.Store, metrics *measure.Metrics, log lager.Logger) *Bindings {
	return &Bindings{settings: settings, access: access, charts: charts, clusters: clusters, records: records, metrics: metrics, log: log.Session("binding")}
}

// place is where a binding leads: the instance, what it was made from, and
// its cluster.
type place struct {
	instance record.Instance
	service  chart.Service
	plan     chart.Plan
	cluster  *helmsvc.Cluster
}

// placeOf finds where a binding of the instance leads, if it can be bound to.
func (s *Bindings) placeOf(ctx context.Context, i record.Instance) (at place, err error) {
	at.instance = i
	if err := locate.Usable(i); err != nil {
		return at, err
	}
	if at.service, at.plan, err = s.charts.Of(ctx, i.Chart, i.PlanID); err != nil {
		return at, err
	}
	at.cluster, err = s.clusters.Of(ctx, i)
	return at, err
}

// errGone says that there is no instance to be bound to any more.
var errGone = errors.New("the service instance is gone")

// placeNow is placeOf for a binding that is there already.
func (s *Bindings) placeNow(ctx context.Context, instanceID string) (place, error) {
	i, err := s.records.LiveInstance(ctx, instanceID)
	if errors.Is(err, record.ErrNotFound) {
		return place{}, errGone // the binding isn't
	}
	if err != nil {
		return place{}, err
	}
	return s.placeOf(ctx, i)
}

// drawUp fills in what the binding hands out and what it opens.
func (s *Bindings) drawUp(ctx context.Context, at place, b record.Binding, offered view.View) (_ record.Binding, err error) {
	defer func() { err = cause.Else(cause.Refused, err) }()
	if s.access.Enforced() {
		if offered, err = offered.Reachable(); err != nil {
			return b, err
		}
	}
	offered = offered.Narrow(at.plan.Opens)
	// Before the credentials, which too many ports make too long.
	if b, err = s.access.DrawUp(b, at.instance, at.plan, offered.Endpoints); err != nil {
		return b, err
	}
	if offered.Destinations, b.Destinations, err = s.shared(ctx, at); err != nil {
		return b, err
	}
	if s.settings.Addressing != nil && !at.plan.WithAddresses {
		offered = offered.Named(*s.settings.Addressing)
	}
	if b.Credentials, err = s.credentials(ctx, at, b, offered); err != nil {
		return b, err
	}
	b.CredHub = s.access.KeptFor(b, at.service.Name)
	b.Hosts = offered.Hosts()
	b.Endpoints = endpointsFor(offered.Reach())
	return b, nil
}

// open opens what a binding has recorded, if the instance is still the one that it
// was drawn up for. It wants the instance held.
func (s *Bindings) open(ctx context.Context, b record.Binding, drawnUpFor record.Instance) (record.Binding, access.Mark, error) {
	i, err := s.stillUsable(ctx, b)
	if err != nil {
		return b, access.Mark{}, err
	}
	if i.Operation.ID != drawnUpFor.Operation.ID {
		return b, access.Mark{}, locate.ErrBusy
	}
	if s.settings.Names != nil {
		s.settings.Names.Publish(ctx, i)
	}
	return s.access.Open(ctx, b)
}

// stillUsable is the instance of a binding that has just been recorded, as it was then
// or later. A delete lists the bindings after it has been recorded: one of the two sees
// the other.
func (s *Bindings) stillUsable(ctx context.Context, b record.Binding) (record.Instance, error) {
	i, err := s.records.InstanceAsOf(ctx, b)
	if err != nil {
		return i, err
	}
	return i, locate.Usable(i)
}
