package main

import (
	"slices"
	"sync"
)

// sampled collects values from several goroutines.
type sampled struct {
	mu  sync.Mutex
	all []float64
}

func (s *sampled) add(values ...float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, values...)
}

func (s *sampled) values() []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}
