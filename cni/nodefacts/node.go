package nodefacts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// programs are those whose command lines are of interest.
func programs() []string { return []string{"kube-proxy", "kube-controller-manager", "kubelet"} }

// commandLines are those of the node's programs, as far as they can be seen.
func commandLines(proc string) [][]string {
	if proc == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "cmdline"))
	if err != nil {
		return nil
	}
	var found [][]string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		if slices.Contains(programs(), filepath.Base(words[0])) && ofTheNode(filepath.Dir(file)) {
			found = append(found, words)
		}
	}
	return found
}

// ofTheNode tells whether a process is in no container: it has no other number in a
// namespace of its own. What containers call themselves is their tenants' word.
func ofTheNode(process string) bool {
	text, err := os.ReadFile(filepath.Join(process, "status"))
	if err != nil {
		return false // it has ended
	}
	for line := range strings.Lines(string(text)) {
		if numbers, found := strings.CutPrefix(line, "NSpid:"); found {
			return len(strings.Fields(numbers)) == 1
		}
	}
	return false
}

// configurations are the names of the files that container runtimes read in a
// folder, in their order.
func configurations(folder string) []string {
	if folder == "" {
		return nil
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil // it is yet to be made
	}
	var names []string
	for _, f := range files {
		if slices.Contains([]string{".conf", ".conflist", ".json"}, filepath.Ext(f.Name())) {
			names = append(names, f.Name())
		}
	}
	return names
}
