package check

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
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

// anotherRecord tries as a dry run whether a quota, or whatever else admits Secrets, lets
// one more record be written.
func (c Cluster) anotherRecord(ctx context.Context) []Finding {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{GenerateName: "check-"}, Type: record.SecretType}
	_, err := c.Clients.CoreV1().Secrets(c.Namespace).Create(ctx, secret, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return one(ok("it can be written"))
	}
	return one(failed("it can't be written: %v", err).
		cure("each instance and each binding is a Secret in namespace %s, and each chart's version some: give it the rights, or a ResourceQuota with room for them", c.Namespace))
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
