package release

import (
	"maps"

	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// rulesAgain are how a revision is made that was made before.
func (c *Client) rulesAgain(target tenant.Target, r *release.Release) manifest.Rules {
	rules := c.tenants.Rules(target, r.Labels[exposureLabel] == exposureAllowed)
	rules.Lenient = true
	return rules
}

// The label of a release's record that says whether its plan allowed exposure.
// Helm keeps it when it goes back to a revision.
const (
	exposureLabel   = "cf-helm-broker-exposure"
	exposureAllowed = "allowed"
	exposureNone    = "none"
)

// withExposure adds the label to those of a release's record.
func withExposure(labels map[string]string, what chart.Rendered) map[string]string {
	all := map[string]string{exposureLabel: exposureNone}
	if what.AllowExposure {
		all[exposureLabel] = exposureAllowed
	}
	maps.Copy(all, labels)
	return all
}
