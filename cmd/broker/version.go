package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionCommand prints what this binary was built from, in one line.
func versionCommand(stdout io.Writer) int {
	info, _ := debug.ReadBuildInfo() // always there in a program that was built with modules
	_, _ = fmt.Fprintln(stdout, versionOf(info))
	return 0
}

// versionOf is as in "cf-helm-broker v1.2.0, commit 0123456789ab of 2026-11-28, go1.26.8,
// linux/amd64". Go itself notes version and commit where it builds from a clone of the
// repository; what wasn't committed it calls "+dirty".
func versionOf(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	parts := []string{"cf-helm-broker " + cmp.Or(strings.Trim(info.Main.Version, "()"), "devel")}
	if commit := settings["vcs.revision"]; commit != "" {
		parts = append(parts, fmt.Sprintf("commit %.12s of %.10s", commit, settings["vcs.time"]))
	}
	parts = append(parts, info.GoVersion, cmp.Or(settings["GOOS"], runtime.GOOS)+"/"+cmp.Or(settings["GOARCH"], runtime.GOARCH))
	return strings.Join(parts, ", ")
}
