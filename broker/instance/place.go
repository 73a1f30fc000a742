package instance

import (
	"context"
	"slices"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// placeOf is where a new instance is to live: in a namespace of its short name, unless
// another instance's record names that.
func (s *Instances) placeOf(id, cluster string) tenant.Target {
	target := tenant.TargetOf(s.settings.NamespacePrefix, id)
	other := func(i record.Instance) bool { return i.ID != id && i.Cluster == cluster }
	if slices.ContainsFunc(s.records.In(target.Namespace), other) {
		target.Namespace = tenant.LongNamespace(s.settings.NamespacePrefix, id)
	}
	return target
}

// settle has a new instance live in a namespace of its long name where the short one
// is another's: another broker's, say, or somebody was quicker. What the namespace is
// marked with decides. It is recorded before anything is made there, so that a delete
// finds it.
func (w *work) settle(ctx context.Context) (moved bool, err error) {
	long := tenant.LongNamespace(w.settings.NamespacePrefix, w.instance.ID)
	if w.instance.Namespace == long {
		return false, nil
	}
	taken, err := w.cluster.Taken(ctx, locate.Namespace(w.instance, "", chart.Plan{}))
	if !taken || err != nil {
		return false, err
	}
	w.log.Info("namespace-taken", lager.Data{"namespace": w.instance.Namespace, "instead": long})
	w.instance.Namespace = long
	return true, w.change(ctx, func(*record.Operation) {})
}
