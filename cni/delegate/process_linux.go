package delegate

import "syscall"

// attributes put a plugin into a process group of its own, and have it die with
// this process, unless it outlives that.
func attributes(outlives bool) *syscall.SysProcAttr {
	if outlives {
		return &syscall.SysProcAttr{Setpgid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
