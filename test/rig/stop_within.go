package rig

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// StopWithin asks the broker to end, and ends it if it hasn't within the limit,
// which is an error. The processes that it has started end with it.
func (b *Broker) StopWithin(limit time.Duration) error {
	ending := time.AfterFunc(limit, func() { _ = syscall.Kill(-b.PID(), syscall.SIGKILL) })
	err := b.Stop()
	if !ending.Stop() {
		return errors.Join(fmt.Errorf("it hadn't ended %s after it was asked to", limit), err)
	}
	return err
}
