package record

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/cache"
)

// catchUp is how long the cache is waited for before the API server is asked. Usually
// the watch tells of a write a few milliseconds after the API server has answered it.
const catchUp = 100 * time.Millisecond

// InstanceAsOf is the binding's instance as it was when the binding was written, or
// later: whatever another replica wrote before that is seen, as a read of the API server
// would, without one. That there is none is never told by the cache.
func (s *Store) InstanceAsOf(ctx context.Context, written Binding) (Instance, error) {
	if s.caughtUp(ctx, written.version) {
		if i, err := s.Instance(written.InstanceID); err == nil {
			return i, nil
		}
	}
	return s.LiveInstance(ctx, written.InstanceID)
}

// BindingsAsOf are the bindings of the binding's instance as InstanceAsOf. Records that
// are damaged are left out, and returned as one error beside the others.
func (s *Store) BindingsAsOf(ctx context.Context, written Binding) ([]Binding, error) {
	if !s.caughtUp(ctx, written.version) {
		return s.LiveBindings(ctx, written.InstanceID)
	}
	found, err := s.informer.GetIndexer().ByIndex(byInstance, written.InstanceID)
	if err != nil {
		return s.LiveBindings(ctx, written.InstanceID)
	}
	secrets := make([]corev1.Secret, len(found))
	for n, object := range found {
		secrets[n] = *object.(*corev1.Secret)
	}
	return decodeList[Binding](secrets)
}

// caughtUp tells whether the cache has all that was written until then, after it was
// waited for. All records are one watch, whose events come in the order of the writes,
// and a list takes the cache's place as a whole: what has seen one write has
// seen all that came before it.
func (s *Store) caughtUp(ctx context.Context, version string) bool {
	ctx, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	for {
		changed := s.changes.next()
		seen := s.Seen()
		// What can't be compared, as where the cache doesn't say, isn't claimed.
		order, err := resourceversion.CompareResourceVersion(seen, version)
		if err != nil || order >= 0 {
			return err == nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// changes wakes up those that wait for the cache to change.
type changes struct {
	mu   sync.Mutex
	wake chan struct{}
}

// next is closed by the next change.
func (c *changes) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake == nil {
		c.wake = make(chan struct{})
	}
	return c.wake
}

func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// watch tells of all changes from now on.
func (c *changes) watch(informer cache.SharedInformer) error {
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { c.tell() }, UpdateFunc: func(any, any) { c.tell() }, DeleteFunc: func(any) { c.tell() },
	})
	return err
}
