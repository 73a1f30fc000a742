package chartsurvey

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// deepest is how deep charts may lie.
const deepest = 32

// find lists the charts under dir, folders and archives, sorted. What lies in a
// chart's folder, subcharts for one, is the chart's own. Hidden folders and links
// aren't followed.
func find(dir string) ([]string, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	charts, err := below(dir, 0)
	slices.Sort(charts)
	return charts, err
}

func below(dir string, depth int) ([]string, error) {
	found, err := source.Folder(dir)
	if err != nil {
		return nil, err
	}
	var charts []string
	for _, f := range found {
		switch {
		case f.Path == dir: // dir is a chart itself
			return []string{dir}, nil
		case f.Path == "":
			charts = append(charts, f.From)
		case f.Beside != "": // with the files beside it, it is read from the folder of both
			charts = append(charts, filepath.Dir(f.Path))
		default:
			charts = append(charts, f.Path)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || depth == deepest || slices.Contains(charts, path) || slices.Contains(charts, dir) {
			continue
		}
		more, err := below(path, depth+1)
		if err != nil {
			return nil, err
		}
		charts = append(charts, more...)
	}
	return charts, nil
}
