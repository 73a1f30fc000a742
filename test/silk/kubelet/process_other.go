//go:build !linux

package kubelet

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
