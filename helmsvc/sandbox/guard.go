package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
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
// it may, until the returned function is called.
func guard(limits Limits) (end func()) {
	// The collector is to keep well below what ends the process.
	debug.SetMemoryLimit(int64(limits.Memory / 4 * 3)) //nolint:gosec // a few MB
	debug.SetMaxStack(int(limits.Memory / 2))          //nolint:gosec // as above
	unbound := bindData(limits.Memory)
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
			if memory() > limits.Memory {
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
// asked for isn't what is used, so this is more than what the guard allows, and
// what there was before, of the race detector say, doesn't count. Where the
// kernel has no such bound the guard's has to do.
func bindData(more uint64) (unbound func()) {
	before, found := pages(dataField)
	var was syscall.Rlimit
	if !found || syscall.Getrlimit(syscall.RLIMIT_DATA, &was) != nil {
		return func() {}
	}
	now := was
	now.Cur = min(was.Max, before+more+more/2)
	if syscall.Setrlimit(syscall.RLIMIT_DATA, &now) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setrlimit(syscall.RLIMIT_DATA, &was) }
}

// memory is how much this process has in memory that no other has: what is in
// use, and what was and hasn't been given back. Where the kernel doesn't tell,
// Go knows nearly as much, but stops the process to find out.
func memory() uint64 {
	resident, found := pages(residentField)
	shared, _ := pages(sharedField)
	if found {
		return resident - shared
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Sys - stats.HeapReleased
}

// The fields of /proc/self/statm, in pages (proc_pid_statm(5)).
const (
	residentField = 1
	sharedField   = 2
	dataField     = 5
)

// pages is a field of /proc/self/statm, in bytes.
func pages(field int) (bytes uint64, found bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	var fields [dataField + 1]uint64
	_, err = fmt.Sscan(string(text), &fields[0], &fields[1], &fields[2], &fields[3], &fields[4], &fields[5])
	return fields[field] * uint64(os.Getpagesize()), err == nil //nolint:gosec // a few kB
}

// processorTime is how much of it this process has used.
func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}
