package release

import (
	"io"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// rehearseInstall renders the chart as an install would, makes nothing, and
// fails if the cluster doesn't serve what it would make, the plan doesn't allow
// it, or nothing of it could ever be bound to. It returns what would
// be made, nothing if that can't be told before the CRDs are there.
func (s *session) rehearseInstall(target tenant.Target, what chart.Rendered) (*release.Release, error) {
	install := action.NewInstall(s.rehearsal())
	install.ReleaseName = target.Release
	install.Namespace = target.Namespace
	install.DryRunOption = "server" // other dry runs leave lookups unanswered
	rendered, err := install.Run(what.Chart, what.Values)
	definitions := what.Chart.CRDObjects()
	if err != nil && len(definitions) > 0 {
		// Its templates may rely on the CRDs. If they don't, Helm fails again.
		return nil, s.checkOutside(nil, definitions)
	}
	if err != nil {
		return nil, err
	}
	if err := s.checkServed(rendered, definitions); err != nil {
		return nil, err
	}
	if err := s.checkOutside(rendered, definitions); err != nil {
		return nil, err
	}
	if err := manifest.CheckProspect(rendered, what.Bindable); err != nil {
		return nil, err
	}
	return rendered, s.checkExposure(rendered)
}

// rehearseUpgrade is rehearseInstall for an upgrade from a revision, by which
// Helm doesn't install a chart's crds/, and fails too if that would delete data.
func (s *session) rehearseUpgrade(target tenant.Target, from *release.Release, what chart.Rendered) (*release.Release, error) {
	upgrade := action.NewUpgrade(s.rehearsal())
	upgrade.Namespace = target.Namespace
	upgrade.ResetValues = true
	upgrade.DryRunOption = "server"
	rendered, err := upgrade.Run(target.Release, what.Chart, what.Values)
	if err != nil {
		return nil, err
	}
	if err := s.checkServed(rendered, nil); err != nil {
		return nil, err
	}
	if err := s.checkOutside(rendered, nil); err != nil {
		return nil, err
	}
	if err := manifest.CheckProspect(rendered, what.Bindable); err != nil {
		return nil, err
	}
	if err := s.checkExposure(rendered); err != nil || what.MayDeleteData || target.Operator {
		return rendered, err
	}
	return rendered, manifest.CheckData(from, rendered, s.claims)
}

// rehearsal is a copy of the configuration for a dry run. What Helm learns of
// the cluster stays in the copy: by the real run, crds/ has added to it.
func (s *session) rehearsal() *action.Configuration {
	rehearsal := *s.Configuration
	rehearsal.KubeClient = &rehearsingClient{boundClient: s.client}
	return &rehearsal
}

// rehearsingClient builds nothing: Helm's dry runs give up at the first kind
// that the cluster doesn't serve.
type rehearsingClient struct{ *boundClient }

// Build returns no objects.
func (c *rehearsingClient) Build(io.Reader, bool) (kube.ResourceList, error) { return nil, nil }

// checkExposure returns an ExposedError if the release has pods that aren't
// allowed.
func (s *session) checkExposure(r *release.Release) error {
	if !s.client.rules.Refuses() {
		return nil
	}
	found, err := manifest.Exposures(r)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &manifest.ExposedError{Exposures: found}
	}
	return nil
}
