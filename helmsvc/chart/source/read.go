package source

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Read reads and checks the list. Its error names every mistake. Whether
// there is something at the addresses is Fetch's to find out.
func Read(file string) ([]Source, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the list of chart sources: %w", err)
	}
	var entries []yaml.Node
	if err := yaml.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: a list of entries such as `- path: charts` is expected: %w", file, err)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: the list is empty; name a source, such as `- path: charts`", file)
	}
	var sources []Source
	var mistakes []error
	for i, entry := range entries {
		source, err := decode(&entry)
		if err == nil {
			err = source.check()
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s, entry %d: %w", file, i+1, err))
		}
		sources = append(sources, source.beneath(filepath.Dir(file)))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return sources, nil
}

func decode(entry *yaml.Node) (Source, error) {
	// First as a map, with aliases and merges resolved: the library refuses
	// unknown keys of a whole document only, and without the entry's number.
	var keys map[string]any
	if err := entry.Decode(&keys); err != nil {
		return Source{}, err
	}
	known := []string{"path", "oci", "repository", "chart", "version", "digest", "username", "password_file", "ca_file", "plain_http", "beside", "values"}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if key == "password" {
			return Source{}, errors.New("password: a password doesn't belong in the list; put it in a file and name that as password_file")
		}
		if !slices.Contains(known, key) {
			return Source{}, fmt.Errorf("unknown key %q; the keys are %s", key, strings.Join(known, ", "))
		}
	}
	var source Source
	err := entry.Decode(&source)
	return source, err
}

// beneath resolves the files of s against the list's folder.
func (s Source) beneath(folder string) Source {
	for _, file := range []*string{&s.Path, &s.PasswordFile, &s.CAFile, &s.Beside, &s.Values} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(folder, *file)
		}
	}
	// The same address written with and without a slash is one cache entry.
	s.Repository = strings.TrimRight(s.Repository, "/")
	return s
}
