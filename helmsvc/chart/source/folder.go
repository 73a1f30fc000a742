package source

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
)

// Found is a chart on disk, or why there is none.
type Found struct {
	// From is what people call it: the path, oci://…:1.2.3, or the
	// repository's address, the chart and the version.
	From string
	// Path is the chart's folder or archive; "" with Err.
	Path string
	// Beside is the folder that holds plans.yaml, plans/ and bind.yaml in the
	// chart's stead; "" if none was named.
	Beside string
	// Values is a file of values for the chart, which operators take; "" if none was
	// named and none lies beside it.
	Values string
	// Err says why this source has no chart.
	Err error
}

// companion is where Tanzu Service Manager, Kibosh's successor, keeps
// plans.yaml, plans/ and bind.yaml: in a folder of this name beside the chart.
const companion = "tsmgr"

// Folder lists the charts of dir, by name: dir is one chart, an archive, or a
// folder of them. A folder that holds tsmgr/ and one chart is that chart; of
// several, the one that tsmgr.yaml names. What is none of these is skipped. The error is for a dir that can't be read at all.
func Folder(dir string) ([]Found, error) {
	if isChart(dir) || isArchive(dir) {
		return []Found{{From: dir, Path: dir, Values: valuesBeside(dir)}}, nil
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is neither a folder nor a chart archive (.tgz)", dir)
	}
	if pair, ok := paired(dir); ok {
		return []Found{pair}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for charts: %w", err)
	}
	var found []Found
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if isChart(path) || isArchive(path) {
			found = append(found, Found{From: path, Path: path, Values: valuesBeside(path)})
			continue
		}
		if pair, ok := paired(path); ok {
			found = append(found, pair)
		}
	}
	return found, nil
}

// valuesBeside is the file "<chart>.values.yaml" beside a chart's folder or archive,
// without the archive's ending; "" if there is none.
func valuesBeside(path string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Clean(path), ".tgz"), ".tar.gz")
	file := name + ".values.yaml"
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return file
}

// paired is the chart that lies in dir beside tsmgr/; ok is false if dir isn't
// laid out so.
func paired(dir string) (pair Found, ok bool) {
	beside := filepath.Join(dir, companion)
	if !isFolder(beside) || isChart(beside) {
		return Found{}, false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Found{From: dir, Err: fmt.Errorf("looking for the chart beside %s/: %w", companion, err)}, true
	}
	var charts []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); isChart(path) || isArchive(path) {
			charts = append(charts, path)
		}
	}
	switch len(charts) {
	case 0:
		return Found{}, false
	case 1:
		return Found{From: charts[0], Path: charts[0], Beside: beside}, true
	}
	if text, err := readOffer(dir); err == nil {
		path, err := named(text, charts)
		return Found{From: cmp.Or(path, dir), Path: path, Beside: beside, Err: err}, true
	}
	return Found{From: dir, Err: fmt.Errorf("%d charts lie beside %s, so it isn't clear whose plans it holds; give each chart a folder of its own with its %s/, or name the chart in %s",
		len(charts), beside, companion, OfferFile)}, true
}

// readOffer reads the tsmgr.yaml of tsmgr/ in dir, which no link leads out of.
func readOffer(dir string) ([]byte, error) {
	file, err := os.OpenInRoot(dir, filepath.Join(companion, OfferFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it is only read
	return io.ReadAll(io.LimitReader(file, largestOffer))
}

// largestOffer is more, in bytes, than a tsmgr.yaml has.
const largestOffer = 1 << 20

// named is that of the charts that the offer is made of: its package, or else the
// folder of its name.
func named(offer []byte, charts []string) (path string, err error) {
	parsed, err := ParseOffer(offer)
	if err != nil {
		return "", err
	}
	only, err := parsed.Only()
	if err != nil {
		return "", err
	}
	packed := only.Name + "-" + only.Version
	for _, name := range []string{packed + ".tgz", packed + ".tar.gz", only.Name} {
		for _, path := range charts {
			if filepath.Base(path) == name {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s offers the chart %s in version %s, and beside %s/ lies neither %s.tgz nor a folder %s", OfferFile, only.Name, only.Version, companion, packed, only.Name)
}

func isChart(folder string) bool {
	// A mounted ConfigMap or a vendored chart may be a link to a folder.
	info, err := os.Stat(filepath.Join(folder, chartutil.ChartfileName))
	return err == nil && info.Mode().IsRegular()
}

func isArchive(file string) bool {
	if !archiveName(file) {
		return false
	}
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

func archiveName(file string) bool {
	name := filepath.Base(file)
	// macOS leaves files such as ._redis.tgz, which aren't archives.
	return !strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz"))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
