package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// endWithParent has this process asked to end when its parent ends: `go run`
// hands Ctrl-C on, but dies of SIGTERM without a word. Linux keeps the request
// with the calling thread, so that must stay.
func endWithParent() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0) // can't fail for a valid signal
}
