package access

import (
	"context"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// markPatience is how long a request waits until nodes are told. They see for
// themselves within seconds.
const markPatience = 2 * time.Second

// Mark is by what nodes were told that policies to an instance have changed. The zero
// Mark is of nodes that weren't told.
type Mark struct {
	binding  record.Binding
	instance record.Instance
	revision string
}

// mark tells the nodes of the binding's instance that policies have changed, as well
// as can be. Of what an instance opens for itself they aren't told: as a rule that is
// there before its pods.
func (a *Access) mark(ctx context.Context, b record.Binding) Mark {
	if a.settings.Mark == nil || b.ID == record.OwnAccess {
		return Mark{}
	}
	i, err := a.records.Instance(b.InstanceID)
	if err != nil {
		return Mark{} // it is gone, and its pods with it
	}
	ctx, cancel := context.WithTimeout(ctx, markPatience)
	defer cancel()
	revision, err := a.settings.Mark(ctx, i)
	if err != nil {
		a.log.Info("nodes-not-told", bindingData(b), lager.Data{"error": err.Error()})
		return Mark{}
	}
	return Mark{binding: b, instance: i, revision: revision}
}

// AwaitNodes waits, if that is set, until the nodes that were told let in what has been
// opened. It never fails: nodes that lag let it in when they have polled by themselves.
func (a *Access) AwaitNodes(ctx context.Context, m Mark) {
	if a.settings.NodesPatience <= 0 || m.revision == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, a.settings.NodesPatience)
	defer cancel()
	begun := time.Now()
	lagging, err := a.settings.AwaitPolled(ctx, m.instance, m.revision)
	data := lager.Data{"instance-id": m.binding.InstanceID, "binding-id": m.binding.ID, "seconds": time.Since(begun).Seconds()}
	switch {
	case err != nil && ctx.Err() == nil:
		a.metrics.NodesAwaited(measure.NodesUnknown)
		a.log.Error("nodes-not-awaited", err, data, lager.Data{"meaning": "the app may be refused for the first seconds; see BIND_WAITS_FOR_NODES in docs/silk-worker.md"})
	case err != nil || len(lagging) > 0:
		a.metrics.NodesAwaited(measure.NodesLagged)
		a.log.Info("nodes-lag", data, lager.Data{"nodes": lagging, "meaning": "they haven't polled policies in time, and refuse the app until they do"})
	default:
		a.metrics.NodesAwaited(measure.NodesPolled)
		a.log.Debug("nodes-polled", data)
	}
}
