package release

import (
	"io"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// dryInstall renders the chart as an install would, makes nothing, and fails if the
// cluster doesn't serve what it would make, the plan doesn't allow it, or nothing of
// it could ever be bound to. It returns what would be made, nothing if that can't be
// told before the CRDs are there.
func (s *session) dryInstall(target tenant.Target, what chart.Rendered) (*release.Release, error) {
	run := action.NewInstall(s.dry())
	run.ReleaseName = target.Release
	run.Namespace = target.Namespace
	run.DryRunOption = "server" // other dry runs leave lookups unanswered
	rendered, err := run.Run(what.Chart, what.Values)
	definitions := what.Chart.CRDObjects()
	if err != nil && len(definitions) > 0 {
		// Its templates may rely on the CRDs. If they don't, Helm fails again.
		return nil, s.checkOutside(nil, definitions)
	}
	if err != nil {
		return nil, err
	}
	return rendered, s.check(rendered, definitions, what.Bindable)
}

// dryUpgrade is dryInstall for an upgrade from a revision, by which Helm doesn't
// install a chart's crds/, and fails too if that would delete data.
func (s *session) dryUpgrade(target tenant.Target, from *release.Release, what chart.Rendered) (*release.Release, error) {
	run := action.NewUpgrade(s.dry())
	run.Namespace = target.Namespace
	run.ResetValues = true
	run.DryRunOption = "server"
	rendered, err := run.Run(target.Release, what.Chart, what.Values)
	if err != nil {
		return nil, err
	}
	if err := s.check(rendered, nil, what.Bindable); err != nil || what.MayDeleteData || target.Operator {
		return rendered, err
	}
	return rendered, manifest.CheckData(from, rendered, s.claims)
}

// check looks at what would be made, definitions, the chart's crds/, included.
func (s *session) check(r *release.Release, definitions []helmchart.CRD, bindable bool) error {
	objects, err := s.read(r)
	if err != nil {
		return err
	}
	if err := s.checkServed(objects, definitions); err != nil {
		return err
	}
	if err := s.checkOutside(objects, definitions); err != nil {
		return err
	}
	if err := manifest.CheckProspect(objects, bindable); err != nil {
		return err
	}
	if err := s.checkExposure(objects); err != nil {
		return err
	}
	if err := history.CheckSize(r); err != nil {
		return err
	}
	return s.checkPodSecurity(manifest.Started(objects, r.Version > 1))
}

// dry is a copy of the configuration for a dry run. What Helm learns of
// the cluster stays in the copy: by the real run, crds/ has added to it.
func (s *session) dry() *action.Configuration {
	dry := *s.Configuration
	dry.KubeClient = &dryClient{boundClient: s.client}
	return &dry
}

// dryClient builds nothing: Helm's dry runs give up at the first kind
// that the cluster doesn't serve.
type dryClient struct{ *boundClient }

// Build returns no objects.
func (c *dryClient) Build(io.Reader, bool) (kube.ResourceList, error) { return nil, nil }

// checkExposure returns an ExposedError if the release has pods that aren't
// allowed.
func (s *session) checkExposure(objects []manifest.Object) error {
	if !s.client.rules.Refuses() {
		return nil
	}
	if found := manifest.Exposures(objects); len(found) > 0 {
		return &manifest.ExposedError{Exposures: found}
	}
	return nil
}
