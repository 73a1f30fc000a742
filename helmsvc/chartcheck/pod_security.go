package chartcheck

import (
	"cmp"
	"fmt"
	"strings"

	"k8s.io/pod-security-admission/api"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// podSecurity finds pods that don't keep to the plan's Pod Security Standard, and
// which one the plan would have to say; "" if they do.
func (c Checker) podSecurity(read []manifest.Object, plan chart.Plan) (enough string, mistakes []string) {
	standard := api.LevelVersion{
		Level:   api.Level(cmp.Or(plan.PodSecurity, c.PodSecurity, string(api.LevelBaseline))),
		Version: api.LatestVersion(),
	}
	found, err := manifest.Insecure(read, standard, c.version().Version)
	if err != nil {
		return "", []string{oneLine(err.Error())}
	}
	if len(found) == 0 {
		return "", nil
	}
	enough = (&manifest.InsecureError{Pods: found}).Enough()
	for _, p := range found {
		mistakes = append(mistakes, fmt.Sprintf("%s: %s %s: Kubernetes refuses its pods by the Pod Security Standard %s: %s; change the chart, or %s",
			p.File, p.Kind, p.Name, standard.Level, strings.Join(p.Why, ", "), manifest.SetPodSecurity(enough)))
	}
	return enough, mistakes
}
