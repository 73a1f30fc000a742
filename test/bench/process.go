package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// memory is how much of it a process holds, in MB of 1,000,000 bytes.
type memory struct{ resident, anonymous, peak float64 }

func memoryOf(pid int) (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, fmt.Errorf("reading the broker's memory, which takes Linux: %w", err)
	}
	field := func(name string) float64 {
		_, after, _ := strings.Cut(string(text), "\n"+name+":")
		line, _, _ := strings.Cut(after, "\n")
		kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 64)
		return kib * 1024 / 1e6
	}
	m := memory{resident: field("VmRSS"), anonymous: field("RssAnon"), peak: field("VmHWM")}
	if m.resident == 0 {
		return m, fmt.Errorf("/proc/%d/status doesn't tell the broker's memory", pid)
	}
	return m, nil
}

// tick is Linux's unit for processor time (USER_HZ), the same everywhere.
const tick = time.Second / 100

// processorTime is how much of it a process has used.
func processorTime(pid int) (time.Duration, error) {
	s, err := statOf(pid)
	return s.used, err
}

// familyTime is how much of it a process and those that it has started have used,
// whether they still run or have ended.
func familyTime(pid int) (own, family time.Duration, err error) {
	s, err := statOf(pid)
	if err != nil {
		return 0, 0, err
	}
	family = s.used + s.ended
	for _, child := range childrenOf(pid) {
		if c, err := statOf(child); err == nil { // it may have ended since
			family += c.used
		}
	}
	return s.used, family, nil
}

// childrenOf are the processes that a process has started and that still run.
func childrenOf(pid int) (children []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		child, _ := strconv.Atoi(filepath.Base(folder))
		if s, err := statOf(child); err == nil && s.parent == pid {
			children = append(children, child)
		}
	}
	return children
}

// stat is what /proc tells of a process.
type stat struct {
	parent int
	used   time.Duration // processor time
	ended  time.Duration // that of its children that have ended
}

func statOf(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("reading a process's processor time, which takes Linux: %w", err)
	}
	// The second field is the program's name in brackets and may hold spaces.
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("/proc/%d/stat doesn't tell the process's processor time", pid)
	}
	parent, parentErr := strconv.Atoi(fields[1])
	var ticks [4]int64 // in user and in system mode, its own and its ended children's
	for n := range ticks {
		var wrong error
		ticks[n], wrong = strconv.ParseInt(fields[11+n], 10, 64)
		err = errors.Join(err, wrong)
	}
	if err := errors.Join(err, parentErr); err != nil {
		return stat{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return stat{parent: parent, used: time.Duration(ticks[0]+ticks[1]) * tick, ended: time.Duration(ticks[2]+ticks[3]) * tick}, nil
}

// otherLoad says how busy the machine was in the minute before, where that is
// known: what else runs there slows everything down, and not evenly.
func otherLoad() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	average, _, _ := strings.Cut(string(text), " ")
	return ", with a load average of " + average + " before"
}
