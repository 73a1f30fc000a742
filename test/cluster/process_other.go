//go:build !linux

package cluster

import "syscall"

// dieWithParent can't keep its word outside Linux: when this process is killed with SIGKILL there, the components stay.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
