package manifest

import (
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Started are those of a release's objects whose pods an install, or an upgrade, starts by
// itself: without what waits for a time or for somebody, and the hooks of other
// operations. Whatever is wrong with their pods, the instance can be had.
func Started(objects []Object, upgrade bool) []Object {
	events := []release.HookEvent{release.HookPreInstall, release.HookPostInstall}
	if upgrade {
		events = []release.HookEvent{release.HookPreUpgrade, release.HookPostUpgrade}
	}
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool {
		suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
		return suspended || o.GetKind() == "CronJob" || !hookOf(o, events)
	})
}

// hookOf tells whether an object is no hook, or one of these events'.
func hookOf(o Object, events []release.HookEvent) bool {
	named, isHook := o.GetAnnotations()[release.HookAnnotation]
	if !isHook {
		return true
	}
	return slices.ContainsFunc(strings.Split(named, ","), func(event string) bool {
		return slices.Contains(events, release.HookEvent(strings.TrimSpace(event)))
	})
}
