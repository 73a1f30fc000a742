package check

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestLeft: what is old and of a self-test of this broker is left, once, and nothing else.
func TestLeft(t *testing.T) {
	const id, other, third = "0a1b2c3d-0000-4000-8000-000000000001", "1a1b2c3d-0000-4000-8000-000000000001", "2a1b2c3d-0000-4000-8000-000000000001"
	n := Network{Prefix: "cf-helm"}
	of := func(name, id string, age time.Duration) corev1.Namespace {
		return corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age)), Annotations: map[string]string{TrialAnnotation: id}}}
	}
	going := of(n.trial(third).listens.Name, third, time.Hour)
	going.DeletionTimestamp = &metav1.Time{Time: now}
	var left []string
	for _, t := range n.left([]corev1.Namespace{
		of(n.trial(id).listens.Name, id, time.Hour), of(n.trial(id).dials.Name, id, time.Hour), of(n.trial(other).dials.Name, other, leftAge),
		of(n.trial(third).dials.Name, third, leftAge-time.Second), going, of("other-0a1b2c3d", id, time.Hour), of("cf-helm-1", "not a GUID", time.Hour), of("cf-helm-2", "", time.Hour),
	}, now) {
		left = append(left, t.id)
	}
	if !slices.Equal(left, []string{id, other}) {
		t.Errorf("left are %v", left)
	}
	one, again := n.trial(id), n.trial(id)
	if one.policy != again.policy || one.policy.Validate() != nil || one.listens.Name == one.dials.Name ||
		one.policy.Source.ID != one.dials.Annotations[podgroup.Annotation] || one.policy.Destination.ID != one.listens.Annotations[podgroup.Annotation] {
		t.Errorf("%+v", one)
	}
}
