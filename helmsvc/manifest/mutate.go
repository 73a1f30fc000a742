package manifest

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Rules say what becomes of a revision's objects, hooks included, when they
// are made. A Registry adjusts what the chart renders, in every revision alike;
// these are for the one that is being made: what is compared with was made by the
// rules of another plan, or by none.
type Rules struct {
	// AsIs leaves everything as it is: an operator is no tenant's.
	AsIs bool
	// Closed: nothing may be reachable around the policies.
	Closed bool
	// Lenient: pods that aren't allowed any more are made all the same, since
	// the revision has been there before.
	Lenient bool
	// Confined: what lies outside the instance's namespace is refused, unless it
	// is of one of the cluster-scoped kinds.
	Confined     bool
	ClusterKinds []string
	// Groups is the instance's policy group where each workload has one of its
	// own, else empty.
	Groups string
	// Group is that of all other pods.
	Group string
	// GroupLabels are put on pods, with their policy group as value.
	GroupLabels []string
}

// Adjust changes an object that is about to be made.
func (r Rules) Adjust(object *unstructured.Unstructured) {
	if r.AsIs {
		return
	}
	r.setPolicyGroup(object)
	unmarkService(object)
	if r.Closed {
		closeService(object)
	}
}

// Refuses tells whether pods that take ports of nodes aren't made.
func (r Rules) Refuses() bool { return r.Closed && !r.Lenient && !r.AsIs }
