package access

import (
	"context"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// markPatience is how long a request waits until nodes are told. They see for
// themselves within seconds.
const markPatience = 2 * time.Second

// mark tells the nodes of the binding's instance that policies have changed, as well
// as can be. Of what an instance opens for itself they aren't told: as a rule that is
// there before its pods.
func (a *Access) mark(ctx context.Context, b record.Binding) {
	if a.settings.Mark == nil || b.ID == record.OwnAccess {
		return
	}
	i, err := a.records.Instance(b.InstanceID)
	if err != nil {
		return // it is gone, and its pods with it
	}
	ctx, cancel := context.WithTimeout(ctx, markPatience)
	defer cancel()
	if err := a.settings.Mark(ctx, i); err != nil {
		a.log.Info("nodes-not-told", bindingData(b), lager.Data{"error": err.Error()})
	}
}
