package delegate

import "syscall"

// attributes put a plugin into a process group of its own, and have it die with
// this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
