package readiness

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// explained is how far a release is, with the best that can be told of why it isn't ready.
// Where the statuses don't name the cause (a probe fails, a volume can't be mounted, no
// pod could be made) the newest event about the same object does.
func (r Reader) explained(ctx context.Context, namespace string, v verdict) Progress {
	// The operation's time may be up; these reads may still take a moment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	p := v.progress
	known := len(v.complaints) > 0 && v.complaints[0].weight <= barred
	if known && len(v.complaints[0].claims) == 0 {
		return p
	}
	list, err := r.clients.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return p // what is known is still true
	}
	if known {
		if unbound := r.unboundClaim(ctx, namespace, v.complaints[0].claims, list.Items); unbound != "" {
			p.Reason, p.Cause = p.Reason+unbound, Volume
		}
		return p
	}
	for _, about := range v.complaints {
		if event, found := newest(list.Items, about); found {
			p.Reason, p.Cause = about.after(event), cmp.Or(causeOf(event), about.cause)
			return p
		}
	}
	if p.Reason != "" {
		return p
	}
	if event, found := newest(list.Items, complaint{}); found {
		p.Reason, p.Cause = complaint{kind: event.InvolvedObject.Kind, name: event.InvolvedObject.Name}.after(event), causeOf(event)
	}
	return p
}

// causeOf is of what kind an event's trouble is, by its reason; "" if that doesn't say.
func causeOf(event corev1.Event) Cause {
	switch event.Reason {
	case "FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedBinding", "ProvisioningFailed":
		return Volume
	case "FailedScheduling":
		return Scheduling
	case "FailedCreate":
		return Admission
	}
	return ""
}

// after is the complaint with an event's words.
func (c complaint) after(event corev1.Event) string {
	if c.weight == vague && c.why != "" {
		return c.with(c.why + "; " + manifest.Shorten(event.Message))
	}
	return c.with(manifest.Shorten(event.Message))
}

// unboundClaim says why the first of the claims that isn't bound isn't.
func (r Reader) unboundClaim(ctx context.Context, namespace string, claims []string, events []corev1.Event) string {
	list, err := r.clients.CoreV1().PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	for _, claim := range list.Items {
		if claim.Status.Phase == corev1.ClaimBound || !slices.Contains(claims, claim.Name) {
			continue
		}
		about := complaint{kind: "PersistentVolumeClaim", name: claim.Name, uid: claim.UID}
		if event, found := newest(events, about); found {
			return "; " + about.after(event)
		}
	}
	return ""
}

// newest returns the newest event that tells of trouble with an object; with a
// complaint about nothing, with any.
func newest(events []corev1.Event, about complaint) (found corev1.Event, ok bool) {
	for _, event := range events {
		if !isTrouble(event) || event.Message == "" || about.name != "" && !about.isOf(event) {
			continue
		}
		if !happened(event).Before(happened(found)) {
			found, ok = event, true
		}
	}
	return found, ok
}

// isTrouble: a claim for which there is neither a volume nor a class to make
// one says so in an event that is no warning. One that waits for its first
// consumer is not in trouble.
func isTrouble(event corev1.Event) bool {
	return event.Type == corev1.EventTypeWarning || event.Reason == "FailedBinding"
}

// isOf tells whether an event is about the object or, for a Deployment, about
// one of its ReplicaSets.
func (c complaint) isOf(event corev1.Event) bool {
	at := event.InvolvedObject
	if c.kind == "Deployment" && at.Kind == "ReplicaSet" {
		hash, own := strings.CutPrefix(at.Name, c.name+"-")
		return own && !strings.Contains(hash, "-")
	}
	sameObject := c.uid == "" || at.UID == "" || at.UID == c.uid
	return at.Kind == c.kind && at.Name == c.name && sameObject
}

// happened is when an event was last seen: some reporters set the one field,
// some the other.
func happened(event corev1.Event) time.Time {
	switch {
	case event.Series != nil && !event.Series.LastObservedTime.IsZero():
		return event.Series.LastObservedTime.Time
	case event.LastTimestamp.IsZero():
		return event.EventTime.Time
	}
	return event.LastTimestamp.Time
}
