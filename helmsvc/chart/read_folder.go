package chart

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// deepest is how deep folders may be nested: a link may lead to itself.
const deepest = 32

// readFolder reads a chart's files as Helm's loader.LoadDir does, but for the
// folders that are the broker's: LoadDir reads them too, and refuses the chart
// for a file that is larger than 5 MiB, as image archives are.
func readFolder(folder string, room *source.Room) ([]*loader.BufferedFile, error) {
	rules := ignore.Empty()
	file := filepath.Join(folder, ignore.HelmIgnore)
	if _, err := os.Stat(file); err == nil {
		if rules, err = ignore.ParseFile(file); err != nil {
			return nil, fmt.Errorf("reading %s: %w", ignore.HelmIgnore, err)
		}
	}
	rules.AddDefaults()
	around, err := aroundOf(folder)
	if err != nil {
		return nil, unpath(err)
	}
	r := folderReader{root: folder, around: around, rules: rules, room: room}
	if err := r.read("", 0); err != nil {
		return nil, err
	}
	return r.files, r.room.TakeSubcharts(r.files)
}

type folderReader struct {
	root, around string
	rules        *ignore.Rules
	files        []*loader.BufferedFile
	room         *source.Room
}

// read reads what lies below the path, which is relative and has slashes.
func (r *folderReader) read(below string, depth int) error {
	if depth > deepest {
		return fmt.Errorf("%s is nested too deep; does a link lead back to a folder above it?", below)
	}
	entries, err := os.ReadDir(filepath.Join(r.root, filepath.FromSlash(below)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		// Not the entry's own: links count as what they lead to.
		info, err := os.Stat(filepath.Join(r.root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		switch {
		case r.rules.Ignore(name, info):
		case info.IsDir() && slices.Contains(brokerFolders, name+"/"):
		case info.IsDir():
			err = r.read(name, depth+1)
		default:
			err = r.add(name, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *folderReader) add(name string, info fs.FileInfo) error {
	if err := takeFile(r.room, name, info); err != nil {
		return err
	}
	file := filepath.Join(r.root, filepath.FromSlash(name))
	if err := checkLink(r.around, file, name); err != nil {
		return fmt.Errorf("reading %s: %w", name, unpath(err))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, unpath(err))
	}
	// Some editors write a byte order mark, and YAML takes none.
	r.files = append(r.files, &loader.BufferedFile{Name: name, Data: bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))})
	return nil
}

// takeFile makes room for a file, and refuses one that couldn't be read whole.
func takeFile(room *source.Room, name string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() > loader.MaxDecompressedFileSize {
		return fmt.Errorf("the file %s is larger than the %d bytes that Helm allows", name, loader.MaxDecompressedFileSize)
	}
	return room.Take(info.Size())
}

// checkLink refuses a file of a chart's folder that a link has led to outside the
// folder of charts. A mounted ConfigMap's links stay in the chart's folder, and
// those to a vendored chart beside it stay around it.
func checkLink(around, file, name string) error {
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(around, target); err != nil || !filepath.IsLocal(inside) {
		return fmt.Errorf("%s is, or lies behind, a link that leads out of the folder of charts; put the file itself there", name)
	}
	return nil
}

// aroundOf is the folder that a chart's folder lies in: links lead no further, or
// a chart could hand out what else the broker can read.
func aroundOf(folder string) (string, error) {
	target, err := filepath.EvalSymlinks(folder)
	return filepath.Dir(target), err
}
