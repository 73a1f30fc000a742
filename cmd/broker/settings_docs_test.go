package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notSettings are what documents call in capitals, and what isn't a setting of the broker: others' variables, and those of
// Kibosh that do nothing here.
var notSettings = []string{
	"CF_USERNAME", "CF_PASSWORD", "TILLER_NAMESPACE", "INSTALL_OPTIONAL_COMPONENTS", "POLL_URL", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE",
	"SSL_CERT_DIR", "UAA_ADMIN_SECRET", "VCAP_SERVICES", "X_FILE",
}

// TestDocsKnowTheSettings: each setting stands in a document, and documents name no other.
func TestDocsKnowTheSettings(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range append(files, "../../README.md", "../../CHANGELOG.md") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	var known []string
	for _, field := range settingFields() {
		name := field.Tag.Get("env")
		known = append(known, name)
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text.String()) {
			t.Errorf("no document says what %s is for", name)
		}
	}
	for _, named := range regexp.MustCompile("`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])[`=:]").FindAllStringSubmatch(text.String(), -1) {
		if !slices.Contains(known, named[1]) && !slices.Contains(notSettings, named[1]) {
			t.Errorf("a document names the setting %s, which the broker doesn't have", named[1])
		}
	}
}
