package manifest

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/kubernetes/scheme"
)

// OwnAPIs are what a Kubernetes of a version such as "v1.33.2" serves of its own
// where nobody has switched on more, as charts ask for it: sorted, as "apps/v1" and
// "apps/v1/Deployment". It goes by what the types in k8s.io/api say of themselves:
// since when they are there, and when they were removed.
func OwnAPIs(kubeVersion string) []string {
	have, err := version.ParseGeneric(kubeVersion)
	if err != nil {
		return nil
	}
	all := map[string]bool{}
	add := func(kind schema.GroupVersionKind) {
		group := kind.GroupVersion().String()
		all[group], all[path.Join(group, kind.Kind)] = true, true
	}
	for kind, of := range scheme.Scheme.AllKnownTypes() {
		if isServed(kind, of, have) {
			add(kind)
		}
	}
	// These are API servers of their own, whose types aren't among those of clients.
	add(CRDKind.WithVersion("v1"))
	add(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"})
	return slices.Sorted(maps.Keys(all))
}

// betasOff is the version since which new beta APIs are off by default.
var betasOff = version.MustParseGeneric("1.24")

// inRequests are kinds that clients have types of and that no cluster lists, or lists
// only with the group of what they are a subresource of.
var inRequests = map[string]bool{
	"ConversionReview": true, "Eviction": true, "PodLogOptions": true, "RangeAllocation": true, "Scale": true, "SerializedReference": true, "TokenRequest": true,
}

func isServed(kind schema.GroupVersionKind, of reflect.Type, have *version.Version) bool {
	if inRequests[kind.Kind] || kind.Version == runtime.APIVersionInternal || strings.Contains(kind.Version, "alpha") {
		return false
	}
	object, is := reflect.New(of).Interface().(runtime.Object)
	if !is || of.PkgPath() == reflect.TypeFor[metav1.Status]().PkgPath() || meta.IsListType(object) {
		return false
	}
	since, dated := introduced(object)
	switch removed, ends := Removed(object); {
	case ends && have.AtLeast(removed), dated && have.LessThan(since):
		return false
	case strings.Contains(kind.Version, "beta"):
		return dated && since.LessThan(betasOff)
	}
	return true
}

// Removed is the Kubernetes version that has ceased to serve an object's type.
func Removed(object runtime.Object) (*version.Version, bool) {
	t, ends := object.(interface{ APILifecycleRemoved() (int, int) })
	if !ends {
		return nil, false
	}
	return minor(t.APILifecycleRemoved()), true
}

func introduced(object runtime.Object) (*version.Version, bool) {
	t, dated := object.(interface{ APILifecycleIntroduced() (int, int) })
	if !dated {
		return nil, false
	}
	return minor(t.APILifecycleIntroduced()), true
}

func minor(major, minor int) *version.Version {
	return version.MustParseGeneric(fmt.Sprintf("%d.%d", major, minor))
}

// gone are kinds that k8s.io/api has no types of any more, by the version that
// ceased to serve the last of their API versions, in which charts still have them.
var gone = map[schema.GroupVersionKind]string{
	{Group: "admissionregistration.k8s.io", Version: "v1beta1", Kind: "MutatingWebhookConfiguration"}:   "1.22",
	{Group: "admissionregistration.k8s.io", Version: "v1beta1", Kind: "ValidatingWebhookConfiguration"}: "1.22",
	{Group: "apiextensions.k8s.io", Version: "v1beta1", Kind: "CustomResourceDefinition"}:               "1.22",
	{Group: "apiregistration.k8s.io", Version: "v1beta1", Kind: "APIService"}:                           "1.22",
	{Group: "auditregistration.k8s.io", Version: "v1alpha1", Kind: "AuditSink"}:                         "1.19",
	{Group: "batch", Version: "v2alpha1", Kind: "CronJob"}:                                              "1.21",
	{Group: "extensions", Version: "v1beta1", Kind: "PodSecurityPolicy"}:                                "1.16",
	{Group: "extensions", Version: "v1beta1", Kind: "ThirdPartyResource"}:                               "1.8",
	{Group: "policy", Version: "v1beta1", Kind: "PodSecurityPolicy"}:                                    "1.25",
	{Group: "settings.k8s.io", Version: "v1alpha1", Kind: "PodPreset"}:                                  "1.20",
}

// Gone is the version in which Kubernetes has ceased to serve a kind of which its
// libraries know nothing any more.
func Gone(kind schema.GroupVersionKind) (*version.Version, bool) {
	since, is := gone[kind]
	if !is {
		return nil, false
	}
	return version.MustParseGeneric(since), true
}
