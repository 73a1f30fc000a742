package events

import (
	"sync"
	"time"
)

const (
	// within is the time in which a namespace may have so many Events, and a cluster so
	// many in all: a disaster tells of itself often enough.
	within            = time.Minute
	perNamespace, all = 5, 120
)

// window counts the Events of a time. The zero value is ready.
type window struct {
	mu    sync.Mutex
	begun time.Time
	told  int
	of    map[string]int // by namespace
}

// admits counts one more of the namespace, if there may be one.
func (w *window) admits(namespace string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.begun) >= within {
		w.begun, w.told, w.of = now, 0, map[string]int{}
	}
	if w.told >= all || w.of[namespace] >= perNamespace {
		return false
	}
	w.told++
	w.of[namespace]++
	return true
}
