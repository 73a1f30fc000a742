package sparse

import (
	"cmp"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// Transform makes objects small before they are kept: keep returns what is kept of
// an object, nil for nothing but its key. What is that already stays as it is.
func Transform(keep func(object any) metav1.Object) cache.TransformFunc {
	return func(object any) (any, error) {
		o, ok := object.(metav1.Object)
		if !ok {
			return object, nil
		}
		if kept := keep(object); kept != nil {
			return kept, nil
		}
		return cache.ExplicitKey(o.GetNamespace() + "/" + o.GetName()), nil
	}
}

// Meta is what is kept of an object's metadata in any case. The resource version is
// among it: to an informer an update without a new one is none.
func Meta(object metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName(), ResourceVersion: object.GetResourceVersion()}
}

// Index finds what is kept of a namespace: see Kept.
func Index() cache.Indexers {
	return cache.Indexers{cache.NamespaceIndex: func(object any) ([]string, error) {
		if kept, ok := object.(metav1.Object); ok {
			return []string{kept.GetNamespace()}, nil
		}
		return nil, nil
	}}
}

// Kept are the namespace's objects that are kept, in the order in which the API
// lists them.
func Kept[T metav1.Object](informer cache.SharedIndexInformer, namespace string) []T {
	found, _ := informer.GetIndexer().ByIndex(cache.NamespaceIndex, namespace) // it fails only without the index
	var objects []T
	for _, f := range found {
		if object, ok := f.(T); ok {
			objects = append(objects, object)
		}
	}
	slices.SortFunc(objects, func(a, b T) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return objects
}

// Alike tells whether the same is kept of two states of an object, whatever their
// versions. Of a key nothing is, and neither of an object that isn't there.
func Alike(before, now any) bool {
	return equality.Semantic.DeepEqual(unversioned(before), unversioned(now))
}

// unversioned is a copy of an object, not a deep one, without its version.
func unversioned(object any) any {
	if _, ok := object.(metav1.Object); !ok {
		return nil
	}
	value := reflect.ValueOf(object).Elem()
	copied := reflect.New(value.Type())
	copied.Elem().Set(value)
	copied.Interface().(metav1.Object).SetResourceVersion("")
	return copied.Interface()
}
