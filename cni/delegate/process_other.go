//go:build unix && !linux

package delegate

import "syscall"

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(group int) error { return syscall.Kill(-group, syscall.SIGKILL) }
