package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
)

// Load reads dir, which is either one chart or a folder of chart folders;
// folders without Chart.yaml are skipped. A chart that can't be offered
// becomes a Problem and the others are served. The error is for a folder that
// can't be read at all.
func Load(dir string) (Catalog, error) {
	folders, err := chartFolders(dir)
	if err != nil {
		return Catalog{}, fmt.Errorf("reading the charts folder: %w", err)
	}
	var catalog Catalog
	pathOf := map[string]string{}
	for _, folder := range folders {
		service, err := loadService(folder)
		if err == nil && pathOf[service.ID] != "" {
			err = fmt.Errorf("a chart named %q was already loaded from %s; a service's name must be unique, so rename one of them in Chart.yaml",
				service.Metadata().Name, pathOf[service.ID])
		}
		if err != nil {
			catalog.Problems = append(catalog.Problems, Problem{Path: folder, Err: err})
			continue
		}
		pathOf[service.ID] = folder
		catalog.Services = append(catalog.Services, service)
	}
	return catalog, nil
}

func chartFolders(dir string) ([]string, error) {
	if isChart(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, e := range entries {
		// A mounted ConfigMap or a vendored chart may be a link to a folder.
		if folder := filepath.Join(dir, e.Name()); isChart(folder) {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}

func isChart(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, chartutil.ChartfileName))
	return err == nil && info.Mode().IsRegular()
}

func loadService(folder string) (Service, error) {
	loaded, err := loader.LoadDir(folder)
	if err != nil {
		return Service{}, fmt.Errorf("loading the chart: %w", err)
	}
	if err := installable(loaded); err != nil {
		return Service{}, err
	}
	plans, err := loadPlans(folder, loaded.Name())
	if err != nil {
		return Service{}, err
	}
	bind, err := loadBind(folder)
	if err != nil {
		return Service{}, err
	}
	service := Service{ID: ServiceID(loaded.Name()), Folder: folder, Plans: plans, Digest: digest(loaded.Raw, plans, bind), Bind: bind, chart: loaded}
	strip(loaded)
	if err := service.checkSchema(); err != nil {
		return Service{}, err
	}
	for _, plan := range service.Plans {
		if _, err := service.planValues(plan, "k-00000000", "check"); err != nil {
			return Service{}, err
		}
	}
	return service, nil
}

func installable(c *helmchart.Chart) error {
	if c.Metadata.Type == "library" {
		return errors.New(`Chart.yaml says "type: library"; only application charts can be installed`)
	}
	vendored := map[string]bool{}
	for _, d := range c.Dependencies() {
		vendored[d.Name()] = true
	}
	for _, d := range c.Metadata.Dependencies {
		if !vendored[d.Name] {
			return fmt.Errorf("Chart.yaml names the dependency %q but charts/ doesn't hold it; run `helm dependency build`", d.Name)
		}
	}
	return nil
}

// loadBind reads bind.yaml or bind.yml of a chart folder; nil if it has none.
func loadBind(folder string) (*bindtemplate.Template, error) {
	file, text, err := readEither(folder, "bind.yaml", "bind.yml")
	if err != nil {
		return nil, fmt.Errorf("reading the bind template: %w", err)
	}
	if text == nil {
		return nil, nil
	}
	template, err := bindtemplate.Parse(file, text)
	if err != nil {
		return nil, err
	}
	return &template, nil
}

// digest covers everything an operator can edit: the chart's files as Helm
// read them, and those of the broker, which .helmignore may hide from Helm.
func digest(raw []*helmchart.File, plans []Plan, bind *bindtemplate.Template) string {
	files := map[string][]byte{}
	for _, f := range raw {
		files[f.Name] = f.Data
	}
	for _, p := range plans {
		files["plan "+p.Name] = fmt.Appendf(nil, "%q %q %t %t %s", p.Description, p.Bullets, p.Free, p.Bindable, p.values)
	}
	if bind != nil {
		files["bind"] = []byte(bind.Text)
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		// Lengths keep "a"+"bc" and "ab"+"c" apart. A hash never fails to write.
		_, _ = fmt.Fprintf(sum, "%d %s %d %s", len(name), name, len(files[name]), files[name])
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
