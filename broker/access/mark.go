package access

import (
	"context"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// markPatience is how long a request, or a round, waits until nodes are told. They see
// for themselves within seconds.
const markPatience = 2 * time.Second

// Mark is by what nodes were told that policies to an instance have changed. The zero
// Mark is of nodes that weren't told.
type Mark struct {
	binding  record.Binding
	instance record.Instance
	revision string
}

// mark tells the nodes of the binding's instance that policies have changed, as well
// as can be.
func (a *Access) mark(ctx context.Context, b record.Binding) Mark {
	if a.settings.Mark == nil {
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

// markAll is mark for the instances of many bindings, each of them once, in the time of
// one: those that can't be told by then see for themselves.
func (a *Access) markAll(ctx context.Context, bindings []record.Binding) {
	if a.settings.Mark == nil || len(bindings) == 0 {
		return
	}
	mark := func(ctx context.Context, i record.Instance) error {
		_, err := a.settings.Mark(ctx, i)
		return err
	}
	untold, err := tell(ctx, mark, a.instancesOf(bindings))
	if err != nil {
		a.log.Info("nodes-not-told", bindingData(bindings[0]), lager.Data{"instances": untold, "error": err.Error()})
	}
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

// instancesOf are those of the bindings that there are, each once. One that is gone has
// no pods, nor is an operator one.
func (a *Access) instancesOf(bindings []record.Binding) (all []record.Instance) {
	seen := map[string]bool{}
	for _, b := range bindings {
		if seen[b.InstanceID] {
			continue
		}
		seen[b.InstanceID] = true
		if i, err := a.records.Instance(b.InstanceID); err == nil {
			all = append(all, i)
		}
	}
	return all
}

// tell marks the instances, some at a time, within markPatience. It returns how many
// couldn't be marked, and why one of them couldn't.
func tell(ctx context.Context, mark func(context.Context, record.Instance) error, instances []record.Instance) (untold int, why error) {
	ctx, cancel := context.WithTimeout(ctx, markPatience)
	defer cancel()
	var counting sync.Mutex
	var group errgroup.Group
	group.SetLimit(noting)
	for _, i := range instances {
		group.Go(func() error {
			err := ctx.Err()
			if err == nil {
				err = mark(ctx, i)
			}
			if err != nil {
				counting.Lock()
				defer counting.Unlock()
				untold++
			}
			return err
		})
	}
	why = group.Wait()
	return untold, why
}
