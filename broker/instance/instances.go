package instance

import (
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/lock"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Settings are the operator's choices.
type Settings struct {
	// NamespacePrefix begins every new instance's namespace: see tenant.TargetOf.
	NamespacePrefix string
	// TimeLimit ends every operation on an instance, counted from its start.
	TimeLimit time.Duration
	// Destination is what the policies to new instances point to.
	Destination locate.PolicyTarget
	// GroupLabels are put on the pods of new instances, with their policy group.
	GroupLabels []string
	// OrganizationQuota and SpaceQuota are how many instances an organization,
	// and a space, may have; 0: any number.
	OrganizationQuota, SpaceQuota int
	// AnyParameters has a plan that lists no parameters take any.
	AnyParameters bool
	// Self is this process among those that take operations up.
	Self string
}

// Instances are created, updated and deleted: a request records what is wanted,
// and whoever leads carries it through.
type Instances struct {
	settings  Settings
	access    *access.Access
	operators *Operators
	charts    *locate.Charts
	clusters  *locate.Clusters
	records   *record.Store
	metrics   *measure.Metrics
	log       lager.Logger
	quotas    lock.Named // by quota: held while an instance is counted in
	counted   counted    // what metrics were last told of
}

// New returns the instances of the records.
func New(settings Settings, access *access.Access, operators *Operators, charts *locate.Charts, clusters *locate.Clusters, records *record.Store, metrics *measure.Metrics, log lager.Logger) *Instances {
	return &Instances{settings: settings, access: access, operators: operators, charts: charts, clusters: clusters, records: records, metrics: metrics, log: log.Session("operation")}
}
