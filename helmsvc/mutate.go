package helmsvc

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Rules say what becomes of a revision's objects, hooks included, when they
// are made. A Registry adjusts what the chart renders, in every revision alike;
// these are for the one that is being made: what is compared with was made by the
// rules of another plan, or by none.
type Rules struct {
	// asIs leaves everything as it is: an operator is no tenant's.
	asIs bool
	// closed: nothing may be reachable around the policies.
	closed bool
	// lenient: pods that aren't allowed any more are made all the same, since
	// the revision has been there before.
	lenient bool
	// confined: what lies outside the instance's namespace is refused, unless it
	// is of one of the cluster-scoped kinds.
	confined     bool
	clusterKinds []string
	// groups is the instance's policy group where each workload has one of its
	// own, else empty.
	groups string
}

func (r Rules) adjust(object *unstructured.Unstructured) {
	if r.asIs {
		return
	}
	r.setPolicyGroup(object)
	unmarkService(object)
	if r.closed {
		closeService(object)
	}
}

func (r Rules) refuses() bool { return r.closed && !r.lenient && !r.asIs }
