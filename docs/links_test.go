// Package docs_test looks whether the documents lead where they say.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	inCode  = regexp.MustCompile("(?ms)^ *```.*?^ *```$|^    .*?$|`[^`\n]*`")
	dropped = regexp.MustCompile(`[^\pL\pN _-]`)
)

// TestLinksLead follows each link within the repository to a file, and to a heading of it.
func TestLinksLead(t *testing.T) {
	documents, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range append(documents, "../README.md", "../CHANGELOG.md") {
		for _, found := range link.FindAllStringSubmatch(inCode.ReplaceAllString(read(t, document), ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(found[1], "#")
			target := document
			if path != "" {
				target = filepath.Join(filepath.Dir(document), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere: %v", document, found[1], err)
			} else if anchor != "" && strings.HasSuffix(target, ".md") && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s: %s leads to no heading", document, found[1])
			}
		}
	}
}

// anchors are the headings as GitHub's links have them.
func anchors(t *testing.T, document string) (all []string) {
	t.Helper()
	for _, h := range heading.FindAllStringSubmatch(read(t, document), -1) {
		all = append(all, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
