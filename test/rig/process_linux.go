package rig

import "syscall"

// ownGroup has a killed parent take the process with it, and keeps a
// terminal's Ctrl-C from reaching it before its parent.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
