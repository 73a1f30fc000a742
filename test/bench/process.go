package main

import (
	"fmt"
	"os"
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
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the broker's processor time, which takes Linux: %w", err)
	}
	// The second field is the program's name in brackets and may hold spaces;
	// after it the 12th and 13th are the ticks in user and in system mode.
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat doesn't tell the broker's processor time", pid)
	}
	user, userErr := strconv.ParseInt(fields[11], 10, 64)
	system, systemErr := strconv.ParseInt(fields[12], 10, 64)
	if userErr != nil || systemErr != nil {
		return 0, fmt.Errorf("/proc/%d/stat doesn't tell the broker's processor time", pid)
	}
	return time.Duration(user+system) * tick, nil
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
