package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// largest is the longest archive, in bytes, that fits into a Secret. Helm
// keeps the chart in one with each release, too.
const largest = 1_000_000

// contents are a chart's files: those that Helm has read, and the broker's own
// beside them.
type contents struct {
	chart *helmchart.Chart
	// lookup reads a file beside Chart.yaml; fs.ErrNotExist if there is none.
	lookup func(name string) ([]byte, error)
	// own are the broker's files that were read so far.
	own map[string][]byte
}

// open reads a chart's folder or .tgz. The broker's own files may lie in the
// folder beside instead, or in the chart's folder tsmgr, as Kibosh's successor
// wants them.
func open(path, beside string) (*contents, error) {
	room := new(source.Room)
	loaded, lookup, err := openChart(path, room)
	if err != nil {
		return nil, fmt.Errorf("loading the chart: %w", err)
	}
	places := []func(string) ([]byte, error){lookup, func(name string) ([]byte, error) { return lookup("tsmgr/" + name) }}
	if beside != "" {
		places = slices.Insert(places, 0, inFolder(beside, room))
	}
	return &contents{chart: loaded, lookup: firstOf(places), own: map[string][]byte{}}, nil
}

func openChart(path string, room *source.Room) (*helmchart.Chart, func(string) ([]byte, error), error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		files, err := readFolder(path, room)
		if err != nil {
			return nil, nil, err
		}
		loaded, err := loadFiles(files)
		return loaded, inFolder(path, room), err
	}
	if info.Size() > source.LargestArchive {
		return nil, nil, fmt.Errorf("the archive has more than %d MiB, which is more than a chart should have", source.LargestArchive>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	return openArchive(text, room)
}

// loadFiles is Helm's, and tells in the author's words what is wrong with the files
// that people write.
func loadFiles(files []*loader.BufferedFile) (*helmchart.Chart, error) {
	loaded, err := loader.LoadFiles(files)
	if err == nil {
		return loaded, nil
	}
	like := map[string]any{"Chart.yaml": helmchart.Metadata{}, "values.yaml": map[string]any{}}
	for _, f := range files {
		if as, written := like[path.Base(f.Name)]; written {
			if err := yamlfile.Explain(f.Name, f.Data, as); err != nil {
				return nil, err
			}
		}
	}
	return nil, err
}

func inFolder(folder string, room *source.Room) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		file := filepath.Join(folder, name)
		around, err := aroundOf(folder)
		if err == nil {
			err = checkLink(around, file, name)
		}
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if err := takeFile(room, name, info); err != nil {
			return nil, err
		}
		return os.ReadFile(file)
	}
}

func firstOf(places []func(string) ([]byte, error)) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		for _, lookup := range places {
			if text, err := lookup(name); !errors.Is(err, fs.ErrNotExist) {
				return text, err
			}
		}
		return nil, fs.ErrNotExist
	}
}

func openArchive(archive []byte, room *source.Room) (*helmchart.Chart, func(string) ([]byte, error), error) {
	files, err := room.Unpack(bytes.NewReader(archive))
	if err != nil {
		return nil, nil, err
	}
	loaded, err := loadFiles(files)
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name] = f.Data
	}
	return loaded, inMap(byName), err
}

func inMap(files map[string][]byte) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, found := files[name]; found {
			return text, nil
		}
		return nil, fs.ErrNotExist
	}
}

// read reads one of the broker's own files.
func (c *contents) read(name string) ([]byte, error) {
	text, err := c.lookup(name)
	if err == nil {
		c.own[name] = text
	}
	return text, err
}

// readEither returns the first of the named files that exists, and no text if
// none does.
func (c *contents) readEither(names ...string) (name string, text []byte, err error) {
	for _, name := range names {
		text, err := c.read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return name, text, err
	}
	return names[0], nil, nil
}

// files are everything that an operator can edit and that counts: the chart's
// files as Helm read them, without image archives, and those of the broker,
// which .helmignore may hide from Helm.
func (c *contents) files() map[string][]byte {
	files := maps.Clone(c.own)
	for _, f := range c.chart.Raw {
		if !isBrokerFile(f.Name) {
			files[f.Name] = f.Data
		}
	}
	return files
}

func digest(files map[string][]byte) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		// Lengths keep "a"+"bc" and "ab"+"c" apart. A hash never fails to write.
		_, _ = fmt.Fprintf(sum, "%d %s %d %s", len(name), name, len(files[name]), files[name])
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// pack makes a .tgz of the files in which Helm finds a chart.
func pack(name string, files map[string][]byte) ([]byte, error) {
	var text bytes.Buffer
	zipped := gzip.NewWriter(&text)
	archive := tar.NewWriter(zipped)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name + "/" + file, Mode: 0o600, Size: int64(len(files[file]))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", file, err)
		}
		if _, err := archive.Write(files[file]); err != nil {
			return nil, fmt.Errorf("packing %s: %w", file, err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		return nil, fmt.Errorf("packing the chart: %w", err)
	}
	if text.Len() > largest {
		return nil, fmt.Errorf("the chart is too large: packed it has %d bytes, and a Secret, in which Helm keeps it, holds %d; leave out what it doesn't need, with .helmignore say", text.Len(), largest)
	}
	return text.Bytes(), nil
}
