package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// measureGo runs the Go benchmarks of the parts that need no cluster.
func measureGo(ctx context.Context, s *stage) (rows []row, err error) {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "500ms",
		"./helmsvc/chart", "./helmsvc/bindtemplate", "./policy")
	command.Dir = s.root
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("running the Go benchmarks: %w\n%s%s", err, output, complaints.Bytes())
	}
	for line := range strings.Lines(string(output)) {
		if r, ok := parseBenchmark(line); ok {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("there are no Go benchmarks")
	}
	return rows, nil
}

var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+(\d+)\s+([\d.]+) ns/op.*\s(\d+) B/op\s+(\d+) allocs/op`)

// parseBenchmark reads a line of `go test -bench`.
func parseBenchmark(line string) (row, bool) {
	found := benchmarkLine.FindStringSubmatch(line)
	if found == nil {
		return row{}, false
	}
	n, _ := strconv.Atoi(found[2])
	nanoseconds, _ := strconv.ParseFloat(found[3], 64)
	return row{name: fmt.Sprintf("go: %s (%s allocations)", found[1], found[5]), value: nanoseconds / 1000, unit: "µs", n: n}, true
}
