package chart

import "sync/atomic"

// Live is a catalog that can be replaced while it is being read. The zero
// value holds an empty one.
type Live struct{ current atomic.Pointer[Catalog] }

// Catalog returns the catalog as it is now.
func (l *Live) Catalog() Catalog {
	if c := l.current.Load(); c != nil {
		return *c
	}
	return Catalog{}
}

// Replace makes c the catalog.
func (l *Live) Replace(c Catalog) { l.current.Store(&c) }
