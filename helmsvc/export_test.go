package helmsvc

import "k8s.io/client-go/tools/cache"

// Cached is all that the Observer keeps, as "Kind namespace/name".
func (o *Observer) Cached() map[string]any {
	kept := map[string]any{}
	for kind, informer := range map[string]cache.SharedIndexInformer{"Pod": o.pods, "Service": o.services} {
		store := informer.GetStore()
		for _, key := range store.ListKeys() {
			if object, found, err := store.GetByKey(key); err == nil && found {
				kept[kind+" "+key] = object
			}
		}
	}
	return kept
}
