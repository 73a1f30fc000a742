//go:build !linux

package rig

// PeakMemory is 0: only Linux tells.
func (b *Broker) PeakMemory() int64 { return 0 }
