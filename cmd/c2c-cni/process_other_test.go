//go:build unix && !linux

package main

import "syscall"

func dieWithTest() *syscall.SysProcAttr { return nil }
