package check

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Lease is the name of the Lease that the replica holds which carries operations through.
const Lease = "cf-helm-broker"

// records looks for the namespace of the records, and for a replica that leads.
func (c Cluster) records(ctx context.Context) []Finding {
	_, err := c.Clients.CoreV1().Namespaces().Get(ctx, c.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return one(failed("there is no namespace %s", c.Namespace).cure("apply deploy/kubernetes, or set BROKER_NAMESPACE to the namespace that the broker is to keep its records in"))
	case err != nil:
		return one(unknown("namespace %s can't be read: %v", c.Namespace, err))
	}
	lease, err := c.Clients.CoordinationV1().Leases(c.Namespace).Get(ctx, Lease, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return one(ok("namespace %s is there, and no broker has run yet", c.Namespace))
	case err != nil:
		return one(unknown("the Lease in namespace %s can't be read: %v", c.Namespace, err))
	}
	return one(judgeLease(lease, time.Now()))
}

func judgeLease(lease *coordinationv1.Lease, now time.Time) Finding {
	holder, renewed, lasts := lease.Spec.HolderIdentity, lease.Spec.RenewTime, lease.Spec.LeaseDurationSeconds
	if holder == nil || *holder == "" || renewed == nil || lasts == nil {
		return warning("no replica of the broker leads: operations aren't carried through").cure("start the broker, or look at its log")
	}
	if since := now.Sub(renewed.Time); since > time.Duration(*lasts)*time.Second+mostApart {
		return warning("no replica of the broker leads: %s did, and hasn't been heard of for %s", *holder, since.Round(time.Second)).cure("start the broker, or look at its log")
	}
	return ok("replica %s leads", *holder)
}
