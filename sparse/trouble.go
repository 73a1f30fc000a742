package sparse

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"
)

// trouble is why a watch doesn't work.
type trouble struct {
	remedy string // for where the cluster refuses

	mu   sync.Mutex // guards what follows
	seen string     // the last resource version that the watch had seen by then
	err  error
}

// handle logs an error, but not the same again and again as long as the watch
// hasn't worked meanwhile.
func (t *trouble) handle(ctx context.Context, r *cache.Reflector, err error) {
	if apierrors.IsForbidden(err) {
		err = fmt.Errorf("%s: %w", t.remedy, err)
	}
	if t.note(r.LastSyncResourceVersion(), err) {
		cache.DefaultWatchErrorHandler(ctx, r, err)
	}
}

// note tells whether the error is another one than before.
func (t *trouble) note(seen string, err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil && t.seen == seen && t.err.Error() == err.Error() {
		return false
	}
	t.seen, t.err = seen, err
	return true
}

// since is the trouble of a watch that has seen this, nil if that is more than it
// had when there was trouble.
func (t *trouble) since(seen string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen != seen {
		return nil
	}
	return t.err
}
