package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// offer is what Tanzu Service Manager's tsmgr.yaml makes of a chart.
type offer struct {
	name      string // the service's
	overrides text   // empty if there are none
}

// loadOffer reads tsmgr.yaml. Without one the service has its chart's name.
func loadOffer(files *contents) (offer, error) {
	of := offer{name: files.chart.Name()}
	content, err := files.read(source.OfferFile)
	if errors.Is(err, fs.ErrNotExist) {
		return of, nil
	}
	if err != nil {
		return offer{}, fmt.Errorf("reading %s: %w", source.OfferFile, unpath(err))
	}
	parsed, err := source.ParseOffer(content)
	if err != nil {
		return offer{}, err
	}
	only, err := parsed.Only()
	if err != nil {
		return offer{}, err
	}
	if have := files.chart.Metadata; only.Name != have.Name || only.Version != "" && only.Version != have.Version {
		return offer{}, fmt.Errorf("%s offers the chart %s in version %s, and this is %s in version %s; make them the same", source.OfferFile, only.Name, only.Version, have.Name, have.Version)
	}
	if parsed.Name != "" {
		of.name = parsed.Name
	}
	if only.Overrides == "" {
		return of, nil
	}
	of.overrides, err = loadOverrides(files, only.Overrides)
	return of, err
}

func loadOverrides(files *contents, name string) (text, error) {
	if !filepath.IsLocal(name) {
		return text{}, fmt.Errorf("%s: overrideValuesFile %q must lie in overrides/", source.OfferFile, name)
	}
	name = path.Join("overrides", filepath.ToSlash(name))
	content, err := files.read(name)
	if err != nil {
		return text{}, fmt.Errorf("%s: %s can't be read: %w", source.OfferFile, name, unpath(err))
	}
	return text{name: name, content: content}, nil
}
