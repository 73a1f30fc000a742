package source_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// TestFolder names what is found as "path", "path + beside", "path = values" or "path: error",
// relative to the folder.
func TestFolder(t *testing.T) {
	const chart, archive = "name: c", "an archive"
	const one = "charts:\n- {chart: c, version: 1.2.3}\n"
	for name, c := range map[string]struct {
		files map[string]string
		dir   string
		want  []string
	}{
		"one chart":            {map[string]string{"Chart.yaml": chart, "charts/sub/Chart.yaml": chart}, "", []string{"."}},
		"one archive":          {map[string]string{"a.tgz": archive, "b.tgz": archive}, "a.tgz", []string{"a.tgz"}},
		"folder, by name":      {map[string]string{"b/Chart.yaml": chart, "a.tar.gz": archive, "c.tgz": archive}, "", []string{"a.tar.gz", "b", "c.tgz"}},
		"others are skipped":   {map[string]string{"a/Chart.yaml": chart, "b/README.md": "", "README.md": "", "._a.tgz": "", "c.tgz.prov": "", "d.tgz/x": "", "e/f/Chart.yaml": chart}, "", []string{"a"}},
		"values":               {map[string]string{"a/Chart.yaml": chart, "a.values.yaml": "", "b-1.2.tgz": archive, "b-1.2.values.yaml": "", "c.tar.gz": archive, "c.values.yaml/x": "", "values.yaml": ""}, "", []string{"a = a.values.yaml", "b-1.2.tgz = b-1.2.values.yaml", "c.tar.gz"}},
		"values of one":        {map[string]string{"a/Chart.yaml": chart, "a.values.yaml": ""}, "a", []string{"a = a.values.yaml"}},
		"nothing":              {map[string]string{"README.md": ""}, "", nil},
		"tsmgr":                {map[string]string{"c/Chart.yaml": chart, "tsmgr/plans.yaml": "", "README.md": ""}, "", []string{"c + tsmgr"}},
		"tsmgr, archive":       {map[string]string{"c.tgz": archive, "tsmgr/plans.yaml": ""}, "", []string{"c.tgz + tsmgr"}},
		"tsmgr in a folder":    {map[string]string{"a.tgz": archive, "b/c/Chart.yaml": chart, "b/tsmgr/bind.yaml": ""}, "", []string{"a.tgz", "b/c + b/tsmgr"}},
		"tsmgr, several":       {map[string]string{"a.tgz": archive, "c/Chart.yaml": chart, "tsmgr/plans.yaml": ""}, "", []string{".: 2 charts lie beside tsmgr"}},
		"tsmgr, several in b":  {map[string]string{"a.tgz": archive, "b/c.tgz": archive, "b/d.tgz": archive, "b/tsmgr/plans.yaml": ""}, "", []string{"a.tgz", "b: 2 charts lie beside b/tsmgr"}},
		"tsmgr names one":      {map[string]string{"c/Chart.yaml": chart, "c-1.2.3.tgz": archive, "c-1.2.2.tgz": archive, "tsmgr/tsmgr.yaml": one}, "", []string{"c-1.2.3.tgz + tsmgr"}},
		"tsmgr names a folder": {map[string]string{"c/Chart.yaml": chart, "d/Chart.yaml": chart, "tsmgr/tsmgr.yaml": one}, "", []string{"c + tsmgr"}},
		"tsmgr names none":     {map[string]string{"d/Chart.yaml": chart, "e/Chart.yaml": chart, "tsmgr/tsmgr.yaml": one}, "", []string{". + tsmgr: tsmgr.yaml offers the chart c in version 1.2.3, and beside tsmgr/ lies neither c-1.2.3.tgz nor a folder c"}},
		"tsmgr names several":  {map[string]string{"c/Chart.yaml": chart, "d/Chart.yaml": chart, "tsmgr/tsmgr.yaml": one + "- {chart: d}"}, "", []string{". + tsmgr: tsmgr.yaml has 2 charts"}},
		"tsmgr is broken":      {map[string]string{"c/Chart.yaml": chart, "d/Chart.yaml": chart, "tsmgr/tsmgr.yaml": "chart: c"}, "", []string{". + tsmgr: tsmgr.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field \"chart\""}},
		"tsmgr in a chart":     {map[string]string{"Chart.yaml": chart, "tsmgr/plans.yaml": "", "c.tgz": archive}, "", []string{"."}},
		"tsmgr alone":          {map[string]string{"tsmgr/plans.yaml": "", "b/c.tgz": archive, "b/tsmgr/plans.yaml": ""}, "", []string{"b/c.tgz + b/tsmgr"}},
		"a chart named tsmgr":  {map[string]string{"tsmgr/Chart.yaml": chart, "a.tgz": archive}, "", []string{"a.tgz", "tsmgr"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := write(t, c.files)
			found, err := source.Folder(filepath.Join(folder, c.dir))
			if err != nil {
				t.Fatal(err)
			}
			var have []string
			for _, f := range found {
				text := f.From
				if f.Err == nil && f.Path != f.From {
					t.Errorf("%+v has a path of its own", f)
				}
				if f.Beside != "" {
					text += " + " + f.Beside
				}
				if f.Values != "" {
					text += " = " + f.Values
				}
				if f.Err != nil {
					text += ": " + strings.Split(strings.Split(f.Err.Error(), ", so")[0], ", and an instance")[0]
				}
				text = strings.ReplaceAll(text, folder+"/", "")
				have = append(have, strings.ReplaceAll(text, folder, "."))
			}
			if !slices.Equal(have, c.want) {
				t.Errorf("found %q, want %q", have, c.want)
			}
		})
	}
}

func TestFolderFollowsLinks(t *testing.T) {
	vendored := write(t, map[string]string{"c/Chart.yaml": "name: c", "c.tgz": "an archive"})
	dir := t.TempDir()
	for _, name := range []string{"c", "c.tgz"} {
		if err := os.Symlink(filepath.Join(vendored, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := source.Folder(dir)
	if err != nil || len(found) != 2 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestFolderCantBeRead(t *testing.T) {
	for name, dir := range map[string]string{"missing": filepath.Join(t.TempDir(), "charts"), "another file": file(t, "text")} {
		if found, err := source.Folder(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
}

func TestPathSources(t *testing.T) {
	text := archive(t, "1.2.3", "")
	folder := write(t, map[string]string{
		"many/a.tgz": string(text), "many/b/Chart.yaml": "name: b", "none/README.md": "", "offer/plans.yaml": "",
		"pair/c.tgz": string(text), "pair/tsmgr/plans.yaml": "", "file": "",
	})
	in := func(name string) string { return filepath.Join(folder, name) }
	found := source.Fetcher{}.Fetch(context.Background(), []source.Source{
		{Path: in("many")},
		{Path: in("missing")},
		{Path: in("many/a.tgz"), Digest: digest(text), Beside: in("offer")},
		{Path: in("pair")},
		{Path: in("pair"), Beside: in("offer")},
		{Path: in("none")},
		{Path: in("many"), Beside: in("offer")},
		{Path: in("many/a.tgz"), Digest: someDigest},
		{Path: in("many/b"), Beside: in("file")},
		{Path: in("many/b"), Values: in("file")},
		{Path: in("many"), Values: in("file")},
	})
	want := []source.Found{
		{From: in("many/a.tgz"), Path: in("many/a.tgz")},
		{From: in("many/b"), Path: in("many/b")},
		{From: in("missing")},
		{From: in("many/a.tgz"), Path: in("many/a.tgz"), Beside: in("offer")},
		{From: in("pair/c.tgz"), Path: in("pair/c.tgz"), Beside: in("pair/tsmgr")},
		{From: in("pair/c.tgz"), Path: in("pair/c.tgz"), Beside: in("offer")},
		{From: in("none")},
		{From: in("many")},
		{From: in("many/a.tgz")},
		{From: in("many/b")},
		{From: in("many/b"), Path: in("many/b"), Values: in("file")},
		{From: in("many")},
	}
	words := map[int]string{2: "no such file", 6: "there is no chart", 7: "beside is for one chart, and there are 2", 8: digest(text) + ", but the list asks for " + someDigest, 9: "beside: " + in("file") + " isn't a folder", 11: "values is for one chart, and there are 2"}
	if len(found) != len(want) {
		t.Fatalf("found %+v", found)
	}
	for i, have := range found {
		if words[i] != "" {
			wantError(t, have, words[i])
			have.Err = nil
		}
		if have != want[i] {
			t.Errorf("found %+v, want %+v", have, want[i])
		}
	}
}
