package rig

// Done is closed when the broker's process has ended, for whatever reason.
// Stop then says how.
func (b *Broker) Done() <-chan struct{} { return b.done }
