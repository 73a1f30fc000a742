package watch

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"
)

// sayOnce logs why a watch doesn't work, but not the same again and again as
// long as it hasn't worked meanwhile. It is called by one goroutine.
func sayOnce() cache.WatchErrorHandlerWithContext {
	var last string
	return func(ctx context.Context, r *cache.Reflector, err error) {
		said := r.LastSyncResourceVersion() + " " + err.Error()
		if said == last {
			return
		}
		last = said
		if apierrors.IsForbidden(err) {
			err = fmt.Errorf("which names service instances have can't be seen; allow the broker to list and watch services and, in discovery.k8s.io, endpointslices in all namespaces: %w", err)
		}
		cache.DefaultWatchErrorHandler(ctx, r, err)
	}
}
