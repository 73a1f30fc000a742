package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// topOf is how many functions of a profile are shown.
const topOf = 10

// profile has the broker take a profile of itself, as in "profile?seconds=10", and
// returns the functions at its top. An older broker may have none.
func (w *world) profile(ctx context.Context, name string) ([]string, error) {
	answer, err := w.client.Send(ctx, http.MethodGet, "/debug/pprof/"+name, nil)
	if err != nil {
		return nil, fmt.Errorf("taking a profile: %w", err)
	}
	if answer.Status == http.StatusNotFound {
		return []string{"this broker takes no profiles"}, nil
	}
	if err := want(answer, nil, http.StatusOK); err != nil {
		return nil, fmt.Errorf("taking a profile: %w", err)
	}
	file := filepath.Join(w.folder, "profile.pb.gz")
	if err := os.WriteFile(file, answer.Body, 0o600); err != nil {
		return nil, err
	}
	own, err := top(ctx, file)
	if err != nil || name == "heap" {
		return own, err
	}
	// What the runtime does says little without those for whom it does it.
	of, err := top(ctx, file, "-cum", "-show=helm.sh|client-go|apimachinery|sigs.k8s.io|json|net/http|crypto/tls|gcBgMarkWorker|mallocgc$|lager")
	return slices.Concat(own, of), err
}

func top(ctx context.Context, file string, more ...string) ([]string, error) {
	arguments := slices.Concat([]string{"tool", "pprof", "-top", fmt.Sprintf("-nodecount=%d", topOf)}, more, []string{file})
	output, err := exec.CommandContext(ctx, "go", arguments...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("reading a profile: %w\n%s", err, output)
	}
	return topLines(string(output)), nil
}

// topLines are a profile's table without the lines above it.
func topLines(text string) []string {
	at := strings.Index(text, "      flat  flat%")
	if at < 0 {
		return []string{"the profile is empty"}
	}
	return strings.Split(strings.TrimRight(text[at:], "\n"), "\n")
}
