package door

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// rereadEvery is how often files are looked at. They are small and are read
// whole: a change is seen whatever made it, a mounted Secret's swapped links
// and network volumes included, of which the kernel tells nobody. A changed
// Secret takes the kubelet far longer to bring.
const rereadEvery = time.Second

// Followed is what was last read of a setting's files without an error.
type Followed[T any] struct {
	setting string
	paths   []string
	parse   func(texts [][]byte) (T, error)
	log     lager.Logger
	changed []func() // told of each change

	value   atomic.Pointer[T]
	problem atomic.Pointer[string] // why the files can't be used as they are now

	mu   sync.Mutex
	seen [sha256.Size]byte // digest of what was read last, good or bad; guarded by mu
}

// follow reads the files, and fails if they can't be used.
func follow[T any](setting string, log lager.Logger, parse func([][]byte) (T, error), paths ...string) (*Followed[T], error) {
	f := &Followed[T]{setting: setting, paths: paths, parse: parse, log: log}
	texts, err := readAll(paths)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	value, err := parse(texts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	f.seen = digest(texts)
	f.value.Store(&value)
	return f, nil
}

// Setting is the name of the setting that names the files.
func (f *Followed[T]) Setting() string { return f.setting }

// Value is what was last read without an error.
func (f *Followed[T]) Value() T { return *f.value.Load() }

// Problem says why the files can't be used as they are now.
func (f *Followed[T]) Problem() error {
	if p := f.problem.Load(); p != nil {
		return errors.New(*p)
	}
	return nil
}

// OnChange has tell be called after each change. It is for before the files are watched.
func (f *Followed[T]) OnChange(tell func()) { f.changed = append(f.changed, tell) }

// Refresh reads the files again. What can't be used leaves the value as it is.
func (f *Followed[T]) Refresh() {
	f.mu.Lock()
	defer f.mu.Unlock()
	texts, err := readAll(f.paths)
	if err != nil {
		f.seen = [sha256.Size]byte{} // so that they are parsed when they are back
		f.keep(err)
		return
	}
	now := digest(texts)
	if now == f.seen {
		return
	}
	f.seen = now
	value, err := f.parse(texts)
	if err != nil {
		f.keep(err)
		return
	}
	f.value.Store(&value)
	f.problem.Store(nil)
	f.log.Info("read-again", lager.Data{"setting": f.setting})
	for _, tell := range f.changed {
		tell()
	}
}

// keep tells once why the value stays as it is.
func (f *Followed[T]) keep(err error) {
	words := err.Error() + "; what was read before stays in force"
	if told := f.problem.Swap(&words); told != nil && *told == words {
		return
	}
	f.log.Error("not-read-again", err, lager.Data{"setting": f.setting, "meaning": "what was read before stays in force"})
}

// Refresher is a Followed of any kind.
type Refresher interface {
	Setting() string
	Problem() error
	Refresh()
}

// Watch refreshes the files until ctx ends.
func Watch(ctx context.Context, files ...Refresher) {
	if len(files) == 0 {
		return
	}
	ticks := time.NewTicker(rereadEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			for _, f := range files {
				f.Refresh()
			}
		}
	}
}
