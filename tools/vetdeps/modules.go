package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// module is what `go list -m -u -retracted -json` says of one.
type module struct {
	Path, Version string
	Main          bool
	Indirect      bool
	Time          time.Time
	Update        *struct {
		Version string
		Time    time.Time
	}
	Deprecated string
	Retracted  []string
	Error      *struct{ Err string }
}

// linked asks the module proxy about the modules that the binary holds.
func linked(ctx context.Context) ([]module, error) {
	list, err := run(ctx, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/broker")
	if err != nil {
		return nil, err
	}
	paths := strings.Fields(list)
	slices.Sort(paths)
	text, err := run(ctx, append([]string{"list", "-e", "-m", "-u", "-retracted", "-json"}, slices.Compact(paths)...)...)
	if err != nil {
		return nil, err
	}
	var modules []module
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var m module
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return modules, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list says of the modules: %w", err)
		}
		modules = append(modules, m)
	}
}

func run(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // the arguments are this program's own
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(arguments[:min(len(arguments), 3)], " "), err)
	}
	return string(text), nil
}

// releases prints what the modules' own releases say of them.
func releases(modules []module, old time.Time) (findings, unchecked int) {
	var withdrawn, deprecated, stale, unknown []string
	for _, m := range modules {
		switch {
		case m.Error != nil:
			unknown = append(unknown, fmt.Sprintf("%s %s: %s", m.Path, m.Version, firstLine(m.Error.Err)))
			continue
		case len(m.Retracted) > 0:
			withdrawn = append(withdrawn, fmt.Sprintf("%s %s: %s", m.Path, m.Version, strings.Join(m.Retracted, "; ")))
		case m.Deprecated != "":
			deprecated = append(deprecated, fmt.Sprintf("%s %s%s: %s", m.Path, m.Version, way(m), firstLine(m.Deprecated)))
		}
		newest := m.Time
		if m.Update != nil {
			newest = m.Update.Time
		}
		if newest.Before(old) {
			stale = append(stale, fmt.Sprintf("%s %s%s: newest release %s", m.Path, m.Version, way(m), newest.Format(time.DateOnly)))
		}
	}
	section("withdrawn versions, to be replaced", withdrawn)
	section("deprecated modules, whose authors name another", deprecated)
	section("modules without a release since "+old.Format(time.DateOnly)+": finished, or given up", stale)
	section("NOT CHECKED, since the module proxy doesn't answer for them", unknown)
	return len(withdrawn), len(unknown)
}

// way tells modules that the broker doesn't name itself.
func way(m module) string {
	if m.Indirect {
		return " (by way of others)"
	}
	return ""
}

func section(title string, lines []string) {
	fmt.Printf("\n%s: %d\n", title, len(lines))
	for _, line := range lines {
		fmt.Println("  " + line)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
