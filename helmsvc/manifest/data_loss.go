package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DataLossError says that nothing was changed by an update, since it would have
// deleted volumes with data.
type DataLossError struct {
	// Claims are the PersistentVolumeClaims that would go, sorted, each with what
	// would delete it.
	Claims []string
}

// namedClaims is how many claims an error names.
const namedClaims = 3

func (e *DataLossError) Error() string {
	named := e.Claims[:min(namedClaims, len(e.Claims))]
	text := strings.Join(named, ", ")
	if more := len(e.Claims) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "the update would delete data of the service instance, with the PersistentVolumeClaim " + text +
		"; copy the data to another service instance, or have the operator let the plan say `may_delete_data: true`"
}

// CheckData returns a DataLossError if an update from one revision to another
// deletes a claim that is bound to a volume: one of the chart's own, one that a
// hook makes anew, and those of a StatefulSet whose retention policy says so.
// Those of other StatefulSets stay until the namespace goes. What an operator
// makes of custom resources can't be foreseen. The live claims are asked for only
// where any could go.
func CheckData(from, to *release.Release, claims func() ([]corev1.PersistentVolumeClaim, error)) error {
	before, err := Decode(from.Manifest)
	if err != nil {
		return fmt.Errorf("reading what the service instance is made of: %w", err)
	}
	after, err := Decode(to.Manifest)
	if err != nil {
		return fmt.Errorf("reading what the chart renders: %w", err)
	}
	hooks, err := upgradeHooks(to)
	if err != nil {
		return err
	}
	losses := slices.Concat(lossesBetween(before, after), lossesByHooks(hooks))
	if len(losses) == 0 {
		return nil
	}
	live, err := claims()
	if err != nil {
		return err
	}
	lost := new(DataLossError)
	for _, claim := range live {
		i := slices.IndexFunc(losses, func(l loss) bool { return l.of(&claim) })
		if i >= 0 && claim.Status.Phase == corev1.ClaimBound {
			lost.Claims = append(lost.Claims, claim.Name+" ("+losses[i].why+")")
		}
	}
	if len(lost.Claims) == 0 {
		return nil
	}
	slices.Sort(lost.Claims)
	return lost
}

// loss is of claims that an update deletes.
type loss struct {
	of  func(claim *corev1.PersistentVolumeClaim) bool
	why string
}

// lossesBetween are those that come of what the chart renders no more, or
// otherwise.
func lossesBetween(before, after []*unstructured.Unstructured) []loss {
	var losses []loss
	for _, object := range before {
		i := slices.IndexFunc(after, func(o *unstructured.Unstructured) bool { return sameObject(o, object) })
		gone := i < 0
		switch set, isSet := statefulSet(object); {
		case isClaim(object) && gone:
			dropped := func(c *corev1.PersistentVolumeClaim) bool { return c.Name == object.GetName() && !WantsKept(c) }
			losses = append(losses, loss{of: dropped, why: "the chart no longer has it"})
		case isSet && gone && !WantsKept(object) && retention(set).WhenDeleted == appsv1.DeletePersistentVolumeClaimRetentionPolicyType:
			losses = append(losses, loss{of: ordinals(set, 0, 0), why: "it goes with the StatefulSet " + set.Name})
		case isSet && i >= 0:
			next, _ := statefulSet(after[i])
			if next.Spec.Replicas != nil && retention(next).WhenScaled == appsv1.DeletePersistentVolumeClaimRetentionPolicyType {
				start := 0
				if next.Spec.Ordinals != nil {
					start = int(next.Spec.Ordinals.Start)
				}
				losses = append(losses, loss{of: ordinals(set, start, start+int(*next.Spec.Replicas)), why: "it goes with a pod of the StatefulSet " + set.Name})
			}
		}
	}
	return losses
}

// lossesByHooks are the claims that Helm deletes to make them anew, or after
// they have been made.
func lossesByHooks(hooks []*unstructured.Unstructured) []loss {
	var losses []loss
	for _, object := range hooks {
		if isClaim(object) {
			remade := func(c *corev1.PersistentVolumeClaim) bool { return c.Name == object.GetName() }
			losses = append(losses, loss{of: remade, why: "a hook makes it anew"})
		}
	}
	return losses
}

// upgradeHooks are the objects of hooks that Helm deletes in an upgrade.
func upgradeHooks(r *release.Release) ([]*unstructured.Unstructured, error) {
	upgrades := func(h *release.Hook) bool {
		return slices.Contains(h.Events, release.HookPreUpgrade) || slices.Contains(h.Events, release.HookPostUpgrade)
	}
	failsOnly := func(h *release.Hook) bool {
		return slices.Equal(h.DeletePolicies, []release.HookDeletePolicy{release.HookFailed})
	}
	return DecodeHooks(slices.DeleteFunc(slices.Clone(r.Hooks), func(h *release.Hook) bool { return !upgrades(h) || failsOnly(h) }))
}

// ordinals tells the claims of a StatefulSet's pods that aren't numbered from
// start to below end.
func ordinals(set *appsv1.StatefulSet, start, end int) func(*corev1.PersistentVolumeClaim) bool {
	return func(claim *corev1.PersistentVolumeClaim) bool {
		for _, template := range set.Spec.VolumeClaimTemplates {
			text, found := strings.CutPrefix(claim.Name, template.Name+"-"+set.Name+"-")
			if number, err := strconv.Atoi(text); found && err == nil && (number < start || number >= end) {
				return true
			}
		}
		return false
	}
}

func retention(set *appsv1.StatefulSet) appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy {
	if set.Spec.PersistentVolumeClaimRetentionPolicy == nil {
		return appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{}
	}
	return *set.Spec.PersistentVolumeClaimRetentionPolicy
}

func isClaim(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().GroupKind() == schema.GroupKind{Kind: "PersistentVolumeClaim"}
}

// statefulSet reads a StatefulSet. One that isn't well-formed the API server
// Refuses, and says why.
func statefulSet(object *unstructured.Unstructured) (*appsv1.StatefulSet, bool) {
	set := new(appsv1.StatefulSet)
	if object.GroupVersionKind() != appsv1.SchemeGroupVersion.WithKind("StatefulSet") {
		return set, false
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, set)
	return set, err == nil
}

func sameObject(a, b *unstructured.Unstructured) bool {
	return a.GroupVersionKind().GroupKind() == b.GroupVersionKind().GroupKind() && a.GetName() == b.GetName()
}
