package chart

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Load reads dir, which is one chart or holds several; see source.Folder. Their
// texts are rendered in this process. The error is for a folder that can't be
// read at all.
func Load(dir string) (Catalog, error) {
	found, err := source.Folder(dir)
	if err != nil {
		return Catalog{}, err
	}
	return LoadAll(context.Background(), found, nil, nil), nil
}

// LoadAll reads charts. One that can't be offered becomes a Problem and the
// others are served. Of several versions of a chart the newest is offered.
// kube is the Kubernetes version that charts may ask for in Chart.yaml; nil if
// it isn't known. texts renders what isn't a chart's own template; with nil it
// is rendered in this process, unbounded.
func LoadAll(ctx context.Context, all []source.Found, kube *chartutil.KubeVersion, texts *render.Texts) Catalog {
	var catalog Catalog
	byName := map[string][]Service{}
	for _, found := range all {
		service, err := loadFound(ctx, found, kube, texts)
		if err == nil {
			err = twin(service, byName[service.ID])
		}
		if err != nil {
			catalog.Problems = append(catalog.Problems, Problem{From: found.From, Err: err, Unfetched: found.Err != nil})
			continue
		}
		byName[service.ID] = append(byName[service.ID], service)
	}
	for _, versions := range byName {
		newest := slices.MaxFunc(versions, olderFirst)
		catalog.Services = append(catalog.Services, newest)
		for _, s := range versions {
			if s.Digest != newest.Digest {
				catalog.Older = append(catalog.Older, s)
			}
		}
	}
	byPlace := func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), olderFirst(a, b))
	}
	slices.SortFunc(catalog.Services, byPlace)
	slices.SortFunc(catalog.Older, byPlace)
	return catalog
}

// LoadArchive reads what Archive has made, without the checks that it has once
// passed: instances need it. from is what people call it, and texts are as for
// LoadAll.
func LoadArchive(archive []byte, from string, texts *render.Texts) (Service, error) {
	loaded, lookup, err := openArchive(archive, new(source.Room))
	if err != nil {
		return Service{}, fmt.Errorf("loading the chart: %w", err)
	}
	service, err := load(&contents{chart: loaded, lookup: lookup, own: map[string][]byte{}}, from)
	service.texts = texts
	return service, err
}

func loadFound(ctx context.Context, found source.Found, kube *chartutil.KubeVersion, texts *render.Texts) (Service, error) {
	if found.Err != nil {
		return Service{}, found.Err
	}
	files, err := open(found.Path, found.Beside)
	if err != nil {
		return Service{}, err
	}
	if err := installable(files.chart); err != nil {
		return Service{}, err
	}
	service, err := load(files, found.From)
	if err == nil {
		service.texts = texts
		err = service.check(ctx)
	}
	if err != nil {
		return Service{}, err
	}
	return service, service.checkVersion(kube)
}

// checkVersion refuses a chart that asks for another Kubernetes than the
// broker's cluster has. Plans with a cluster of their own are left to Helm.
func (s Service) checkVersion(kube *chartutil.KubeVersion) error {
	want := s.chart.Metadata.KubeVersion
	here := func(p Plan) bool { return p.Cluster == nil }
	if want == "" || kube == nil || !slices.ContainsFunc(s.Plans, here) || chartutil.IsCompatibleRange(want, kube.Version) {
		return nil
	}
	return fmt.Errorf("Chart.yaml says \"kubeVersion: %s\", and the cluster has Kubernetes %s", want, kube.Version)
}

// twin refuses a chart whose name and version another has: which of the two
// is offered would be a matter of luck.
func twin(s Service, others []Service) error {
	for _, other := range others {
		if olderFirst(s, other) == 0 {
			return fmt.Errorf("a chart named %q was already loaded from %s, with the same version; a service's name must be unique, so rename one of them in Chart.yaml, or raise the version of the newer",
				s.Name, other.From)
		}
	}
	return nil
}

// olderFirst compares versions of one chart. Helm has checked that they are
// semantic ones.
func olderFirst(a, b Service) int {
	left, leftErr := semver.NewVersion(a.Metadata().Version)
	right, rightErr := semver.NewVersion(b.Metadata().Version)
	if leftErr != nil || rightErr != nil {
		return cmp.Compare(a.Metadata().Version, b.Metadata().Version)
	}
	// Compare ignores what follows a "+".
	return cmp.Or(left.Compare(right), cmp.Compare(left.Metadata(), right.Metadata()))
}

func load(files *contents, from string) (Service, error) {
	offer, err := loadOffer(files)
	if err != nil {
		return Service{}, err
	}
	plans, err := loadPlans(files, offer.name)
	if err != nil {
		return Service{}, err
	}
	bind, err := loadBind(files)
	if err != nil {
		return Service{}, err
	}
	all := files.files()
	archive, err := pack(files.chart.Name(), all)
	if err != nil {
		return Service{}, err
	}
	service := Service{
		ID: ServiceID(offer.name), Name: offer.name, From: from, Plans: plans, Digest: digest(all), Bind: bind,
		chart: files.chart, archive: archive, kibosh: asKibosh(files), overrides: offer.overrides,
	}
	strip(service.chart)
	service.chart.Files = slices.DeleteFunc(service.chart.Files, func(f *helmchart.File) bool { return files.own[f.Name] != nil })
	abroad := keepLocal(service.chart)
	if err := service.readSchema(); err != nil {
		return Service{}, err
	}
	service.list()
	for _, name := range abroad {
		service.listing.cut("values.schema.json of %s: what it refers to outside itself isn't fetched, and parameters aren't held against it; its other rules hold", name)
	}
	return service, nil
}

// check finds what would keep every instance from being made.
func (s Service) check(ctx context.Context) error {
	s = s.MadeUp()
	if err := s.checkExtras(); err != nil {
		return err
	}
	if err := s.checkListing(); err != nil {
		return err
	}
	for _, plan := range s.Plans {
		values, _, err := s.planValues(ctx, plan, checkRelease, checkNamespace)
		if err != nil {
			return err
		}
		if _, err := s.dashboard(ctx, checkRelease, checkNamespace, values); err != nil {
			return fmt.Errorf("plan %q: %w", plan.Name, err)
		}
	}
	return nil
}

// Names of the release and namespace that charts are tried with.
const (
	checkRelease   = "k-00000000"
	checkNamespace = "check"
)

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

// loadBind reads bind.yaml or bind.yml; nil if there is none.
func loadBind(files *contents) (*bindtemplate.Template, error) {
	file, text, err := files.readEither("bind.yaml", "bind.yml")
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
