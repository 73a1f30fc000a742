package tenant

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Isolation is what keeps an instance's namespace apart from others', and
// small. EnsureNamespace makes it, and brings it up to date.
type Isolation struct {
	// AllowExposure is the plan's: the namespace's label says whether the
	// cluster is to refuse what goes around the policies.
	AllowExposure bool
	// PodSecurity is the plan's Pod Security Standard: privileged, baseline or
	// restricted; empty: the Cluster's.
	PodSecurity string
	// Quota is what the whole namespace may use and hold; empty: anything.
	Quota corev1.ResourceList
	// Limits are what pods, containers and claims that ask for nothing get, and
	// at most; empty: nothing and anything.
	Limits []corev1.LimitRangeItem
}

// ExposureLabel is on instances' namespaces where a chart may not be reachable
// around the policies, or its plan says that it may. deploy/kubernetes/exposure.yaml
// and neighbours.yaml go by it.
const ExposureLabel = "cf-helm-broker.io/exposure"

// Labels of Kubernetes' Pod Security admission.
const (
	enforceLabel = "pod-security.kubernetes.io/enforce"
	warnLabel    = "pod-security.kubernetes.io/warn"
)

// labelsOf are those that the namespace is to carry, with null for those that
// it has to lose.
func (n *Namespaces) labelsOf(want Namespace) map[string]*string {
	all := map[string]*string{}
	for key, value := range want.Labels {
		all[key] = &value
	}
	if want.Isolation == nil {
		return all
	}
	all[ExposureLabel] = nil
	if exposure := n.exposureOf(want.Isolation); exposure != "" {
		all[ExposureLabel] = &exposure
	}
	// Where no standard is asked for, there may be an administrator's.
	if standard := cmp.Or(want.Isolation.PodSecurity, n.settings.PodSecurity); standard != "" {
		warned := "restricted"
		all[enforceLabel], all[warnLabel] = &standard, &warned
	}
	return all
}

func (n *Namespaces) exposureOf(i *Isolation) string {
	switch {
	case i.AllowExposure:
		return "allowed"
	case n.settings.WithoutExposure:
		return "refused"
	}
	return ""
}

// isolate makes what else the namespace is isolated by. In one that is new
// there is nothing to take away.
func (n *Namespaces) isolate(ctx context.Context, want Namespace, isNew bool) error {
	if want.Isolation == nil {
		return nil
	}
	if err := n.ensureQuota(ctx, want.Name, want.Isolation.Quota, isNew); err != nil {
		return fmt.Errorf("limiting what namespace %s may use by its ResourceQuota %s: %w", want.Name, isolationName, err)
	}
	if err := n.ensureLimits(ctx, want.Name, want.Isolation.Limits, isNew); err != nil {
		return fmt.Errorf("limiting what pods of namespace %s may use by its LimitRange %s: %w", want.Name, isolationName, err)
	}
	if err := n.ensureNetworkPolicy(ctx, want.Name, isNew); err != nil {
		return fmt.Errorf("closing namespace %s by its NetworkPolicy %s: %w", want.Name, isolationName, err)
	}
	return nil
}

// FieldManager is whose fields of objects those are that the broker sets.
const FieldManager = "cf-helm-broker"

// isolationName is the name of the objects by which a namespace is isolated.
const isolationName = "cf-helm-broker"

func applying() metav1.ApplyOptions {
	return metav1.ApplyOptions{FieldManager: FieldManager, Force: true}
}

// present are the labels that have a value.
func present(labels map[string]*string) map[string]string {
	values := map[string]string{}
	for key, value := range labels {
		if value != nil {
			values[key] = *value
		}
	}
	return values
}
