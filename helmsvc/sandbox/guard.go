package sandbox

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

// The statuses of a process that has used more than it may. The last two are
// Go's own, without and with the race detector, of a stack that is deeper than
// it may be, and of memory that the kernel refuses.
const (
	memoryExit  = 9
	timeExit    = 10
	runtimeExit = 2
	racyExit    = 66
)

// guard ends the process when it has used more processor time or memory than
// it may, until the returned function is called. data is what it had mapped
// before its first task.
func guard(limits Limits, data uint64) (end func()) {
	// The collector is to keep well below what ends the process.
	debug.SetMemoryLimit(int64(limits.Memory / 4 * 3)) //nolint:gosec // a few MB
	debug.SetMaxStack(int(limits.Memory / 2))          //nolint:gosec // as above
	unbound := bindData(data + limits.Memory + limits.Memory/2)
	began, err := processorTime()
	if err != nil {
		os.Exit(timeExit) // it couldn't be bounded
	}
	ticker, done := time.NewTicker(2*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			if used() > limits.Memory {
				os.Exit(memoryExit)
			}
			if now, err := processorTime(); err != nil || now-began > limits.Time {
				os.Exit(timeExit)
			}
		}
	}()
	return func() { ticker.Stop(); close(done); unbound() }
}

// bindData has the kernel refuse memory that would be far too much, where the
// guard comes too late: on a busy machine it may be asleep for long. What is
// asked for isn't what is used, so this is more than what the guard allows. Where the kernel has no such bound, or
// more is mapped than the program asks for, the guard's has to do.
func bindData(bytes uint64) (unbound func()) {
	var was syscall.Rlimit
	if racy || syscall.Getrlimit(syscall.RLIMIT_DATA, &was) != nil {
		return func() {}
	}
	now := was
	now.Cur = min(was.Max, bytes)
	if syscall.Setrlimit(syscall.RLIMIT_DATA, &now) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setrlimit(syscall.RLIMIT_DATA, &was) }
}

// used is how much memory is allocated, in bytes: what is in use, and what the
// collector hasn't found yet.
func used() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() + samples[1].Value.Uint64()
}

// mapped is how much data this process has mapped, as RLIMIT_DATA counts it
// (proc_pid_statm(5): the sixth field, in pages).
func mapped() uint64 {
	var fields [6]uint64
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(text), &fields[0], &fields[1], &fields[2], &fields[3], &fields[4], &fields[5])
	}
	if err != nil {
		return math.MaxInt32 // there is no such bound either, most likely
	}
	return fields[5] * uint64(os.Getpagesize()) //nolint:gosec // a few kB
}

// processorTime is how much of it this process has used.
func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}
