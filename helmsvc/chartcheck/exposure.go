package chartcheck

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

const (
	around  = "around container-to-container policies"
	allowed = "`allow_exposure: true` in the plan"
)

// exposureMistakes are about pods that a broker that enforces access refuses.
func exposureMistakes(read []manifest.Object, plan chart.Plan) []string {
	if plan.AllowExposure {
		return nil
	}
	var found []string
	for _, e := range manifest.Exposures(read) {
		found = append(found, fmt.Sprintf("%s: %s %s: %s lets traffic in %s, so a broker that enforces access (CF_API_ADDRESS, ENFORCE) refuses the plan; take it out, or set %s",
			e.File, e.Kind, e.Name, e.Field, around, allowed))
	}
	return found
}

// closedWarnings say what a Service loses with a broker that enforces access.
func closedWarnings(o object, s *corev1.Service) []string {
	var found []string
	if isExposed(s) {
		found = append(found, fmt.Sprintf("%s: type %s lets traffic in %s, so it becomes ClusterIP where the broker enforces access (CF_API_ADDRESS, ENFORCE); %s keeps it", o, s.Spec.Type, around, allowed))
	}
	if len(s.Spec.ExternalIPs) > 0 {
		found = append(found, fmt.Sprintf("%s: externalIPs let traffic in %s, so they are left out where the broker enforces access (CF_API_ADDRESS, ENFORCE); %s keeps them", o, around, allowed))
	}
	return found
}
