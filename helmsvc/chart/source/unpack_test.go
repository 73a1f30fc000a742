package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// member is a tar of one chart's files, without its end: several make one archive.
func member(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var text bytes.Buffer
	zipped := gzip.NewWriter(&text)
	archive := tar.NewWriter(zipped)
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Flush(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// header is a packed tar header of that type, with nothing behind it but zeros.
func header(t *testing.T, kind byte, size int64) []byte {
	t.Helper()
	var text, block bytes.Buffer
	// The writer refuses to write such headers, so a file's becomes one.
	if err := tar.NewWriter(&block).WriteHeader(&tar.Header{Name: "redis/x", Size: size, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	raw := block.Bytes()
	raw[156] = kind
	copy(raw[148:156], "        ")
	sum := 0
	for _, b := range raw {
		sum += int(b)
	}
	copy(raw[148:156], fmt.Sprintf("%06o\x00 ", sum))
	zipped := gzip.NewWriter(&text)
	if _, err := zipped.Write(append(raw, make([]byte, min(size, 1<<19))...)); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// bombs are archives that would unpack to far more than they have, and why each is refused.
func bombs(t *testing.T) map[string]struct {
	archive []byte
	why     string
} {
	t.Helper()
	start := member(t, map[string][]byte{"redis/Chart.yaml": []byte("apiVersion: v2\nname: redis\nversion: 1.2.3\n")})
	of := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{start}, parts...), nil) }
	zeros := member(t, map[string][]byte{"redis/zeros": make([]byte, 4<<20)})
	empty := map[string][]byte{}
	for n := range 1000 {
		empty[fmt.Sprintf("redis/%d", n)] = nil
	}
	inner := of(bytes.Repeat(zeros, 5))
	deep := of()
	for range 12 {
		deep = of(member(t, map[string][]byte{"redis/charts/sub.tgz": deep}))
	}
	type bomb = struct {
		archive []byte
		why     string
	}
	return map[string]bomb{
		"10 GB of files":   {of(bytes.Repeat(zeros, 2500)), "more than 32 MiB of files"},
		"one file of 1 TB": {of(header(t, tar.TypeReg, 1<<40)), "more than 32 MiB of files"},
		"empty files":      {of(bytes.Repeat(member(t, empty), 100)), "more than 10000 files"},
		"endless headers":  {of(bytes.Repeat(header(t, tar.TypeGNULongName, 1<<19), 2000)), "more than 32 MiB of files"},
		"two subcharts": {of(member(t, map[string][]byte{"redis/charts/a.tgz": inner, "redis/charts/b.tgz": inner})),
			".tgz: the chart has more than 32 MiB of files"},
		"a subchart's subchart": {of(member(t, map[string][]byte{"redis/charts/a/charts/b.tgz": of(bytes.Repeat(zeros, 100))})),
			"charts/a/charts/b.tgz: the chart has more than 32 MiB of files"},
		"archives in archives": {deep, "more than 8 archives in each other's charts/"},
	}
}

// TestBombs has none of them unpacked, wherever it comes from.
func TestBombs(t *testing.T) {
	for name, bomb := range bombs(t) {
		if len(bomb.archive) > source.LargestArchive {
			t.Fatalf("%s: the archive has %d bytes and is refused for that", name, len(bomb.archive))
		}
		registry := newRegistry()
		oci := serve(t, registry)
		repository := serve(t, newRepository(bomb.archive, entry{"redis", "1.2.3", "redis.tgz"}))
		for kind, s := range map[string]source.Source{
			"oci":        {OCI: pushRaw(t, registry, oci.URL, bomb.archive), Version: "1.2.3", PlainHTTP: true},
			"repository": {Repository: repository.URL + "/charts", Chart: "redis", Version: "1.2.3"},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				wantFlat(t, func() { wantError(t, fetch(t, t.TempDir(), s), "what the server sent isn't kept", bomb.why) })
			})
		}
	}
}

// wantFlat fails if many times more memory is allocated than a chart may have,
// freed or not: the tar reader's own buffers grow tenfold.
func wantFlat(t *testing.T, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 512<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

// TestRoomIsLeft for charts with archives in charts/, and what isn't an archive there is Helm's to judge.
func TestRoomIsLeft(t *testing.T) {
	sub := archive(t, "1.0.0", "")
	text := bytes.Join([][]byte{
		member(t, map[string][]byte{"redis/Chart.yaml": []byte("apiVersion: v2\nname: redis\nversion: 1.2.3\n")}),
		member(t, map[string][]byte{"redis/charts/sub.tgz": sub, "redis/files/charts/note.tgz": []byte("no archive")}),
	}, nil)
	files, err := new(source.Room).Unpack(bytes.NewReader(text))
	if err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if _, err := new(source.Room).Unpack(strings.NewReader("no archive")); err == nil {
		t.Error("unpacked what isn't an archive")
	}
}
