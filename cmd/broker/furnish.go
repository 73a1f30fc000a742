package main

import (
	"fmt"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/operation"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// house are the rooms that requests and the lead need.
type house struct {
	instances *operation.Instances
	bindings  *operation.Bindings
	operators *operation.Operators
	worker    *operation.Worker
}

// fixtures are what all rooms share.
type fixtures struct {
	templates *bindtemplate.Evaluator
	texts     *render.Texts
	rendering helmsvc.Option
	lease     operation.Lease
	offer     *offer
	records   *record.Store
	cluster   *helmsvc.Cluster
	policies  *policy.Client // nil where no CF API is configured
	metrics   *measure.Metrics
	log       lager.Logger
}

// furnish makes the rooms, from the lowest up.
func furnish(s settings, f fixtures) (house, error) {
	shared, err := chart.ParseDestinations([]byte(s.SharedDestinations))
	if err != nil {
		return house{}, fmt.Errorf("SHARED_DESTINATIONS: %w", err)
	}
	charts := locate.NewCharts(&f.offer.live, f.records, f.texts)
	clusters := locate.NewClusters(f.cluster, connectTo(s, f.rendering), charts)
	access := newAccess(s, f, charts, shared)
	bindings := operation.NewBindings(operation.BindingSettings{
		Patience:  s.BindTimeout,
		SyncWait:  s.SyncWait,
		TimeLimit: s.OperationTimeout,
		Templates: f.templates,
	}, access, charts, clusters, f.records, f.metrics, f.log)
	operators := operation.NewOperators(func() []chart.Service { return f.offer.operators.Catalog().Services },
		f.cluster, s.NamespacePrefix, s.OperationTimeout, f.log)
	instances := operation.NewInstances(operation.InstanceSettings{
		NamespacePrefix:   s.NamespacePrefix,
		TimeLimit:         s.OperationTimeout,
		Destination:       locate.Destination(s.PolicyDestination),
		OrganizationQuota: s.OrganizationQuota,
		SpaceQuota:        s.SpaceQuota,
		Self:              f.lease.Lock.Identity(),
	}, access, operators, charts, clusters, f.records, f.metrics, f.log)
	worker, err := operation.NewWorker(operation.WorkerSettings{Lease: f.lease, Workers: s.AtOnce, SyncWait: s.SyncWait}, operation.Rooms{
		Charts: charts, Clusters: clusters, Bindings: bindings, Instances: instances, Operators: operators,
		Follower: func(changed func(string)) *operation.Follower {
			return operation.NewFollower(access, clusters, s.NamespacePrefix, changed)
		},
	}, access, f.records, f.log)
	return house{instances: instances, bindings: bindings, operators: operators, worker: worker}, err
}

func newAccess(s settings, f fixtures, charts *locate.Charts, shared []chart.Destination) *operation.Access {
	settings := operation.AccessSettings{
		RequestLimit:        requestLimit(s),
		Resync:              s.PolicyResync,
		WithinInstance:      s.PolicyWithin,
		DNSGroup:            s.PolicyDNSGroup,
		Shared:              shared,
		PoliciesPerBinding:  s.PoliciesPerBinding,
		PoliciesPerInstance: s.PoliciesPerInstance,
	}
	// A nil client in an interface wouldn't be nil.
	var enforcer policy.Enforcer
	if f.policies != nil {
		enforcer = f.policies
		// Whatever POLICY_DESTINATION is now: instances keep what they were made with.
		settings.Placeholders = f.policies
	}
	return operation.NewAccess(settings, charts, f.records, enforcer, f.metrics, f.log)
}
