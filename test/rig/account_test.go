package rig

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRenameIsTheDocumented has the command of docs/deploy.md give the same.
func TestRenameIsTheDocumented(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	var arguments []string
	for _, found := range regexp.MustCompile(`-e '(s/[^']*cf-helm[^']*)'`).FindAllStringSubmatch(string(doc), -1) {
		arguments = append(arguments, "-e", strings.NewReplacer("NAME", "one-records", "PREFIX", "one").Replace(found[1]))
	}
	if len(arguments) == 0 {
		t.Fatal("docs/deploy.md has no such command")
	}
	for _, file := range accountManifests {
		path := filepath.Join(root, manifests, file)
		want, err := exec.Command("sed", append([]string{"-E"}, append(arguments, path)...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Account{Namespace: "one-records", Prefix: "one"}).rename(string(text)); got != string(want) {
			t.Errorf("%s becomes\n%s\nby the command\n%s", file, got, want)
		}
	}
}
