package rig

// PID is the id of the broker's process.
func (b *Broker) PID() int { return b.command.Process.Pid }
