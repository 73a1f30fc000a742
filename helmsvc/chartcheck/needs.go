package chartcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// planNeeds are the keys that the plan lacks for what the release makes, as plans.yaml
// writes them.
func planNeeds(p Plan, plan chart.Plan, exposed bool) []string {
	var needs []string
	kinds := slices.DeleteFunc(slices.Clone(p.ClusterKinds), func(kind string) bool {
		return slices.ContainsFunc(plan.ClusterObjects, func(named string) bool { return named == kind || strings.HasPrefix(named, kind+".") })
	})
	if len(kinds) > 0 {
		needs = append(needs, fmt.Sprintf("cluster_objects: [%s]", strings.Join(kinds, ", ")))
	}
	if p.PodSecurity != "" {
		needs = append(needs, "pod_security: "+p.PodSecurity)
	}
	if exposed {
		needs = append(needs, "allow_exposure: true")
	}
	return needs
}

// operators are the API groups of custom kinds that the release has objects of and
// doesn't define itself.
func operators(made *release.Release, read []manifest.Object) []string {
	uses, serves, err := manifest.APIGroups(read, made.Chart.CRDObjects())
	if err != nil {
		return nil // a mistake already
	}
	return slices.DeleteFunc(uses, func(group string) bool { return slices.Contains(serves, group) })
}

var (
	// saidByChart is how Helm begins where a template has called fail or required.
	saidByChart = regexp.MustCompile(`^execution error at \([^)]*\): `)
	missing     = regexp.MustCompile(`missing propert(?:y|ies)`)
)

// insists tells whether rendering failed since the chart wants values that nobody has
// given: it says so itself, or by its schema.
func insists(err error) bool {
	text := err.Error()
	return saidByChart.MatchString(text) || strings.HasPrefix(text, schemaError) && missing.MatchString(text)
}
