package instance

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/events"
)

// failures are what the Events are called by which an instance's namespace tells of them.
func failures() map[record.Type]string {
	return map[record.Type]string{record.Create: "CreateFailed", record.Modify: "UpdateFailed", record.Delete: "DeleteFailed"}
}

// tellFailure tells in the instance's namespace what its developer is told: whoever looks
// after its pods asks Kubernetes. A cluster that was never reached is told nothing.
func (w *work) tellFailure(ctx context.Context, reason string, late bool) {
	if w.cluster == nil {
		return
	}
	called := failures()[w.instance.Operation.Type]
	if late && w.instance.Operation.Type != record.Delete {
		called = "NotReadyInTime"
	}
	w.cluster.Tell(ctx, events.Event{Namespace: w.instance.Namespace, Reason: called, Note: string(w.instance.Operation.Type) + " failed: " + reason, Warning: true})
}
