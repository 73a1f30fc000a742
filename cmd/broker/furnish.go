package main

import (
	"fmt"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/binding"
	"github.com/cf-helm-broker/cf-helm-broker/broker/ends"
	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/naming"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/broker/worker"
	"github.com/cf-helm-broker/cf-helm-broker/credhub"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
)

// house are the rooms that requests and the lead need.
type house struct {
	instances *instance.Instances
	bindings  *binding.Bindings
	operators *instance.Operators
	worker    *worker.Worker
	waiting   *fair.Meter     // operations that wait for a place
	names     *naming.Naming  // nil unless the broker publishes names
	domains   *naming.Domains // nil unless names are published, and a CF API is configured
	// registration is nil unless the broker registers itself.
	registration *register.Keeper
}

// fixtures are what all rooms share.
type fixtures struct {
	templates *bindtemplate.Evaluator
	texts     *render.Texts
	clusters  helmsvc.Config // of each cluster, but for its limiter
	lease     worker.Lease
	offer     *offer
	records   *record.Store
	cluster   *helmsvc.Cluster
	policies  *c2c.Client     // nil where no CF API is configured
	credHub   *credhub.Client // nil where none is configured
	metrics   *measure.Metrics
	registry  *prometheus.Registry
	log       lager.Logger
}

// furnish makes the rooms, from the lowest up.
func furnish(s settings, f fixtures) (house, error) {
	shared, err := chart.ParseSharedServices([]byte(s.SharedDestinations))
	if err != nil {
		return house{}, fmt.Errorf("SHARED_DESTINATIONS: %w", err)
	}
	charts := locate.NewCharts(&f.offer.live, f.records, f.texts)
	clusters := locate.NewClusters(f.cluster, connectTo(s, f.clusters, 0), charts)
	observers := locate.NewObservers(clusters, f.records, s.NamespacePrefix)
	known := ends.New(ends.Settings{Prefix: s.NamespacePrefix, Shared: shared}, charts, clusters, observers, f.records)
	networks, err := newNetworks(s, f, known)
	if err != nil {
		return house{}, err
	}
	reach := newAccess(s, f, charts, clusters, networks, shared)
	named, err := newNames(s, f, clusters)
	if err != nil {
		return house{}, err
	}
	library, err := newLibrary(s.BindLibrary)
	if err != nil {
		return house{}, fmt.Errorf("BIND_LIBRARY: %w", err)
	}
	bindings := binding.New(binding.Settings{
		Patience:   s.BindTimeout,
		SyncWait:   s.SyncWait,
		TimeLimit:  s.OperationTimeout,
		Templates:  f.templates,
		Library:    library,
		Addressing: addressingOf(s),
		Names:      named,
	}, reach, charts, clusters, f.records, f.metrics, f.log)
	operators := instance.NewOperators(func() []chart.Service { return f.offer.operators.Catalog().Services },
		f.cluster, f.records, reach, s.NamespacePrefix, s.OperationTimeout, s.GrantKinds, f.log)
	instances := instance.New(instance.Settings{
		NamespacePrefix:   s.NamespacePrefix,
		TimeLimit:         s.OperationTimeout,
		Destination:       locate.PolicyTarget(s.PolicyDestination),
		GroupLabels:       s.groupLabels(),
		OrganizationQuota: s.OrganizationQuota,
		SpaceQuota:        s.SpaceQuota,
		AnyParameters:     s.Parameters == anyParameters,
		Self:              f.lease.Lock.Identity(),
	}, reach, operators, charts, clusters, f.records, f.metrics, f.log)
	keeper, err := newKeeper(s, f)
	if err != nil {
		return house{}, err
	}
	waiting := &fair.Meter{}
	lead, err := worker.New(worker.Settings{Lease: f.lease, AtOnce: s.AtOnce, Meter: waiting, SyncWait: s.SyncWait, DeleteWait: s.DeleteWait, NamespacePrefix: s.NamespacePrefix}, worker.Rooms{
		Charts: charts, Clusters: clusters, Observers: observers, Bindings: bindings, Instances: instances, Operators: operators, Names: named, Registration: keeper,
	}, reach, f.records, f.log)
	return house{instances: instances, bindings: bindings, operators: operators, worker: lead, waiting: waiting, names: named, domains: newDomains(s, f), registration: keeper}, err
}

func newAccess(s settings, f fixtures, charts *locate.Charts, clusters *locate.Clusters, networks access.Networks, shared []chart.SharedService) *access.Access {
	settings := access.Settings{
		RequestLimit:        requestLimit(s),
		Resync:              s.PolicyResync,
		Shared:              shared,
		PoliciesPerBinding:  s.PoliciesPerBinding,
		PoliciesPerInstance: s.PoliciesPerInstance,
		FollowAddresses:     s.on(policy.SecurityGroup),
		Tell:                clusters.Tell,
	}
	if s.on(policy.C2C) {
		// Elsewhere nothing keeps an instance's pods from each other and from DNS.
		settings.WithinInstance, settings.DNSGroup = s.PolicyWithin, s.PolicyDNSGroup
		settings.Mark, settings.AwaitPolled, settings.NodesPatience = clusters.MarkAccess, clusters.AwaitPolled, s.BindWaitsForNodes
	}
	if f.policies != nil { // whatever POLICY_DESTINATION is now: instances keep what they were made with
		settings.Placeholders = f.policies
	}
	if f.credHub != nil {
		settings.CredHub = f.credHub
	}
	return access.New(settings, charts, f.records, networks, f.metrics, f.log)
}

// addressingOf is how credentials call what they lead to; nil: by addresses of pods.
func addressingOf(s settings) *view.Addressing {
	if s.Addresses == addressesOfPods {
		return nil
	}
	return &view.Addressing{Domain: string(s.ClusterDomain), ServicePorts: s.Addresses == namesOfCluster}
}

// newNames returns nothing unless the broker is to publish names.
func newNames(s settings, f fixtures, clusters *locate.Clusters) (*naming.Naming, error) {
	if !s.publishes() {
		return nil, nil
	}
	publisher := publish.Start(s.nats(), naming.Owns(s.ClusterDomain, s.NamespacePrefix), publish.NewMetrics(f.registry), f.log)
	return naming.New(s.ClusterDomain, s.NamespacePrefix, clusters, f.records, publisher, f.log)
}

// newDomains returns nothing where there are no names, or nobody to be asked.
func newDomains(s settings, f fixtures) *naming.Domains {
	if s.Addresses != namesPublished || f.policies == nil {
		return nil
	}
	return naming.NewDomains(s.ClusterDomain, f.policies.Domains, f.log)
}
