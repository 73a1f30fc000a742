package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"

	"helm.sh/helm/v3/pkg/chart/loader"
)

// What a chart may have: it is held in memory.
const (
	// LargestArchive is how long its archive may be, in bytes. Helm's own charts
	// have a few hundred KB.
	LargestArchive = 20 << 20
	// LargestChart is how much its files may have altogether, in bytes, those of
	// the archives in charts/ included, and mostFiles how many they may be.
	LargestChart = 32 << 20
	mostFiles    = 10_000
	// mostArchives is how deep archives may lie in each other's charts/.
	mostArchives = 8
	// longestHeader is more than what tar needs around a file, in bytes.
	longestHeader = 4 << 10
)

// TooLargeError says that a chart has more than it may. Helm would have found
// out only when it held 100 MiB, and that again for each archive in charts/.
type TooLargeError struct{ what string }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the chart has more than %s altogether; leave out what it doesn't need, with .helmignore say", e.what)
}

// Room is what is left of what one chart may have. The zero value has all.
type Room struct {
	size  int64
	files int
}

// Take makes room for a file of that many bytes, or says that there is none.
func (r *Room) Take(size int64) error {
	r.files++
	r.size += size
	switch {
	case r.files > mostFiles:
		return &TooLargeError{what: fmt.Sprintf("%d files", mostFiles)}
	case size > LargestChart || r.size > LargestChart:
		return &TooLargeError{what: fmt.Sprintf("%d MiB of files", LargestChart>>20)}
	}
	return nil
}

// Unpack reads an archive's files as Helm does, once it has seen that they have
// room: what it doesn't return it has held no part of.
func (r *Room) Unpack(archive io.ReadSeeker) ([]*loader.BufferedFile, error) {
	return r.unpack(archive, 0)
}

// TakeSubcharts makes room for what the archives among a chart's files hold:
// Helm unpacks those in charts/ with the chart.
func (r *Room) TakeSubcharts(files []*loader.BufferedFile) error { return r.takeSubcharts(files, 0) }

func (r *Room) takeSubcharts(files []*loader.BufferedFile, depth int) error {
	for _, f := range files {
		if path.Base(path.Dir(f.Name)) != "charts" || path.Ext(f.Name) != ".tgz" {
			continue
		}
		if depth == mostArchives {
			return &TooLargeError{what: fmt.Sprintf("%d archives in each other's charts/", mostArchives)}
		}
		_, err := r.unpack(bytes.NewReader(f.Data), depth+1)
		// What isn't an archive is for Helm to refuse, or to pass over.
		if tooLarge := new(TooLargeError); errors.As(err, &tooLarge) {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func (r *Room) unpack(archive io.ReadSeeker, depth int) ([]*loader.BufferedFile, error) {
	if err := r.takeArchive(archive); err != nil {
		return nil, err
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	files, err := loader.LoadArchiveFiles(archive)
	if err != nil {
		return nil, err
	}
	return files, r.takeSubcharts(files, depth)
}

// takeArchive makes room for an archive's files, of which it keeps none. Where
// the archive is damaged it ends, as Helm does, which says so.
func (r *Room) takeArchive(archive io.Reader) error {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	// What no file has counts too: headers can be as endless as files.
	stream := &io.LimitedReader{R: unzipped, N: LargestChart + mostFiles*longestHeader}
	files := tar.NewReader(stream)
	for {
		file, err := files.Next()
		if stream.N <= 0 {
			return r.Take(LargestChart + 1)
		}
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		if err := r.Take(file.Size); err != nil {
			return err
		}
	}
}
