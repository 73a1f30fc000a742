package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PeakMemory is the most memory that the running process has held, in bytes, as
// the kernel counts it; 0 if there is no such process any more.
func (b *Broker) PeakMemory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.PID()))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "\nVmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64)
	return kib * 1024
}
