package podgroup

import (
	"fmt"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Membership is where a pod belongs on the overlay. Either may be empty.
type Membership struct {
	Group string // a policy group, a UUID
	Space string // the GUID of the CF space whose security groups count
}

// Of returns where a pod belongs, by its own and its namespace's metadata as
// the API server has them. Whoever makes a pod says what it is annotated with, so
// that counts only where workloads have groups and this is the pod's. A namespace
// that names no group has none, whatever its pods say. The error says that what is
// named can't be a group.
func Of(pod, namespace metav1.Object) (Membership, error) {
	group := namespace.GetAnnotations()[Annotation]
	if group == "" {
		return Membership{}, nil
	}
	if !IsGroup(group) {
		return Membership{}, fmt.Errorf("the annotation %s of namespace %s is %.60q, and a policy group is a UUID such as 3f6f6a0e-8a64-4a0b-9f37-0d6a7f4d6a11; correct it, and Kubernetes tries again",
			Annotation, namespace.GetName(), group)
	}
	if namespace.GetLabels()[DestinationLabel] == ByWorkload {
		if own := Own(pod, group); own != "" {
			group = own
		}
	}
	m := Membership{Group: group}
	if space := namespace.GetLabels()[SpaceLabel]; IsGroup(space) {
		m.Space = space
	}
	return m, nil
}

// IsGroup tells whether text may go on to the overlay as a policy group or a
// space: a UUID of 36 characters, since it comes to stand in firewall rules.
func IsGroup(text string) bool {
	_, err := uuid.Parse(text)
	return err == nil && len(text) == 36
}
