package broker

import (
	"context"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/middlewares"

	"github.com/cf-helm-broker/cf-helm-broker/broker/binding"
	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/worker"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Broker answers OSBAPI requests; it is brokerapi's domain.ServiceBroker.
type Broker struct {
	catalog   *chart.Live
	records   *record.Store
	instances *instance.Instances
	bindings  *binding.Bindings
	worker    *worker.Worker
	// prefix is that of the instances' namespaces, and home the broker's own.
	prefix, home string
	// anyParameters: a plan that lists no parameters takes any.
	anyParameters bool
}

var _ domain.ServiceBroker = (*Broker)(nil)

// New returns a broker for the catalog. namespacePrefix is that of the
// instances' namespaces, and home is the namespace of the broker's records. With
// anyParameters the catalog says that a plan that lists no parameters takes any.
func New(catalog *chart.Live, records *record.Store, instances *instance.Instances, bindings *binding.Bindings, worker *worker.Worker, namespacePrefix, home string, anyParameters bool) *Broker {
	return &Broker{catalog: catalog, records: records, instances: instances, bindings: bindings, worker: worker, prefix: namespacePrefix, home: home, anyParameters: anyParameters}
}

// origin is the request that is being answered.
func origin(ctx context.Context) record.Origin {
	identity, _ := ctx.Value(middlewares.OriginatingIdentityKey).(string)
	request, _ := ctx.Value(middlewares.RequestIdentityKey).(string)
	return record.Origin{CorrelationID: correlationID(ctx), RequestIdentity: request, OriginatingIdentity: identity}
}

// correlationID is the id that ties a request's log lines together.
func correlationID(ctx context.Context) string {
	id, _ := ctx.Value(middlewares.CorrelationIDKey).(string)
	return id
}
