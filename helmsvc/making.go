package helmsvc

import (
	"maps"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// making says what becomes of a revision's objects, hooks included, when they
// are made. Adjustments are for what the chart renders, in every revision
// alike; this is for the one that is being made: what is compared with was made
// by the rules of another plan, or by none.
type making struct {
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

// making is how a revision is made of which the plan allows exposure or doesn't.
func (c *Cluster) making(target Target, exposure bool) making {
	return making{
		asIs: target.operator, closed: c.withoutExposure && !exposure, groups: target.PolicyGroups,
		confined: c.impersonate && !target.operator, clusterKinds: target.ClusterObjects,
	}
}

// remaking is how a revision is made that was made before.
func (c *Cluster) remaking(target Target, r *release.Release) making {
	m := c.making(target, r.Labels[exposureLabel] == exposureAllowed)
	m.lenient = true
	return m
}

// The label of a release's record that says whether its plan allowed exposure.
// Helm keeps it when it goes back to a revision.
const (
	exposureLabel   = "cf-helm-broker-exposure"
	exposureAllowed = "allowed"
	exposureNone    = "none"
)

// withExposure adds the label to those of a release's record.
func withExposure(labels map[string]string, what chart.Rendered) map[string]string {
	all := map[string]string{exposureLabel: exposureNone}
	if what.AllowExposure {
		all[exposureLabel] = exposureAllowed
	}
	maps.Copy(all, labels)
	return all
}

func (m making) adjust(object *unstructured.Unstructured) {
	if m.asIs {
		return
	}
	m.setPolicyGroup(object)
	unmarkService(object)
	if m.closed {
		closeService(object)
	}
}

// prepare adjusts the objects that are about to be made. What the rehearsal
// couldn't see, or saw otherwise, is refused here.
func (c *boundClient) prepare(resources kube.ResourceList) error {
	if err := c.claim(resources); err != nil {
		c.failed = err // Helm keeps only the words of a hook's error
		return err
	}
	exposed := new(ExposedError)
	for _, info := range resources {
		object, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		c.making.adjust(object)
		exposed.Exposures = append(exposed.Exposures, exposuresOf(object, "")...)
	}
	if !c.making.refuses() || len(exposed.Exposures) == 0 {
		return nil
	}
	c.failed = exposed
	return exposed
}

func (m making) refuses() bool { return m.closed && !m.lenient && !m.asIs }

// Create makes objects: those of an install, of a hook, of crds/.
func (c *boundClient) Create(resources kube.ResourceList) (*kube.Result, error) {
	if err := c.prepare(resources); err != nil {
		return &kube.Result{}, err
	}
	return c.Client.Create(resources)
}
