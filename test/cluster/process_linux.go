package cluster

import "syscall"

// dieWithParent also takes the process out of the terminal's group, so that Ctrl-C reaches this process alone and it
// decides the order in which things end.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
