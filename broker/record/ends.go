package record

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	// byApp is the index that finds the bindings of an app.
	byApp = "app"
	// byGroup finds those whose policies name a policy group of their instance's.
	byGroup = "group"
)

func appOf(object any) ([]string, error) {
	if b := bindingIn(object); b != nil && b.AppGUID != "" {
		return []string{b.AppGUID}, nil
	}
	return nil, nil
}

func groupsOf(object any) (groups []string, err error) {
	b := bindingIn(object)
	if b == nil || b.Operator != nil {
		return nil, nil
	}
	for _, p := range b.Policies {
		group := p.Destination.ID
		if b.ID == OwnAccess { // which leads to the cluster's DNS as well
			group = p.Source.ID
		}
		groups = append(groups, group)
	}
	slices.Sort(groups)
	return slices.DeleteFunc(slices.Compact(groups), func(g string) bool { return slices.Contains(b.SharedGroups, g) }), nil
}

func bindingIn(object any) *Binding {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Labels[kindLabel] != bindingKind {
		return nil
	}
	return readable[Binding](secret)
}

// newWritten keeps what was written for longer than a watch takes to tell of it.
func newWritten(informer cache.SharedIndexInformer) (cache.MutationCache, error) {
	written := cache.NewIntegerResourceVersionMutationCacheWithOptions(klog.Background(), informer.GetStore(), cache.MutationCacheOptions{
		Indexer: informer.GetIndexer(), TTL: time.Minute, IncludeAdds: true, MaxCacheSize: 1000,
	})
	seen := func(tell func(runtime.Object)) func(any) {
		return func(object any) {
			if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			if secret, ok := object.(*corev1.Secret); ok {
				tell(secret)
			}
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: seen(written.OnAddOrUpdate), UpdateFunc: func(_, now any) { seen(written.OnAddOrUpdate)(now) }, DeleteFunc: seen(written.OnDelete),
	})
	return written, err
}

// wrote notes a binding that has just been written.
func (s *Store) wrote(secret *corev1.Secret) {
	if secret.Labels[kindLabel] == bindingKind {
		s.written.Mutation(secret)
	}
}

// found reads bindings by an index, with those that this process has just written.
func (s *Store) found(index, value string) []Binding {
	objects, err := s.written.ByIndex(index, value)
	if err != nil {
		return nil // there is no such index: NewStore has made it
	}
	// One that has just been written may be under what it was before.
	of := s.informer.GetIndexer().GetIndexers()[index]
	objects = slices.DeleteFunc(objects, func(object any) bool {
		values, err := of(object)
		return err != nil || !slices.Contains(values, value)
	})
	return decodeAll[Binding](objects, bindingKind)
}

// App tells whether there is a binding of the app, and the GUID of its space. It knows
// of the bindings that this process has written, and of others' as the cache does.
func (s *Store) App(guid string) (space string, found bool) {
	for _, b := range s.found(byApp, guid) {
		i, _ := s.Instance(b.InstanceID) // without one there is its own space
		if space = cmp.Or(b.SpaceGUID, i.SpaceGUID, space); b.SpaceGUID != "" {
			return space, true
		}
		found = true
	}
	return space, found
}

// InstanceOf returns the instance that the policy group is one of, as App knows. The
// error is ErrNotFound if no binding opens anything to it.
func (s *Store) InstanceOf(group string) (Instance, error) {
	for _, b := range s.found(byGroup, group) {
		return s.Instance(b.InstanceID)
	}
	return s.Instance(group)
}
