//go:build !linux

package rig

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from reaching the process before its
// parent; outside Linux it outlives a parent that is killed.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
