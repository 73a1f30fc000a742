package chartcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// asksForBalancer matches what scripts ask kubectl or the API for.
var asksForBalancer = regexp.MustCompile(`(?i)status\.loadBalancer|loadBalancer\.ingress|"loadBalancer"|external-ip`)

// awaitingWarnings name the containers before which nothing else starts, those of
// Jobs and init containers, that look for a load balancer's address: where the broker
// enforces access there is none, unless the plan allows it.
func awaitingWarnings(read []manifest.Object, plan chart.Plan, objects []object) []string {
	balanced := slices.IndexFunc(objects, func(o object) bool {
		s, is := o.typed.(*corev1.Service)
		return is && s.Spec.Type == corev1.ServiceTypeLoadBalancer
	})
	if plan.AllowExposure || balanced < 0 {
		return nil
	}
	scripts := map[string]string{} // by the name of their ConfigMap
	for _, o := range objects {
		if m, is := o.typed.(*corev1.ConfigMap); is {
			for _, text := range m.Data {
				scripts[o.name] += withoutComments(text) + "\n"
			}
		}
	}
	var found []string
	for _, o := range read {
		pods, makes := manifest.PodsOf(o.Unstructured)
		if !makes {
			continue
		}
		first, noun := pods.Spec.InitContainers, "init container"
		if o.GetKind() == "Job" {
			first, noun = append(first, pods.Spec.Containers...), "container"
		}
		for _, c := range first {
			if asksForBalancer.MatchString(wordsOf(c, pods.Spec, scripts)) {
				found = append(found, fmt.Sprintf("%s: %s %s: the %s %s seems to wait for a load balancer's address, which Service %s doesn't get where the broker enforces access (CF_API_ADDRESS, ENFORCE); switch it off by the chart's values, or set %s",
					o.File, o.GetKind(), o.GetName(), noun, c.Name, objects[balanced].name, allowed))
			}
		}
	}
	return found
}

// wordsOf are a container's command and the scripts that it mounts.
func wordsOf(c corev1.Container, pod corev1.PodSpec, scripts map[string]string) string {
	words := strings.Join(append(slices.Clone(c.Command), c.Args...), " ")
	for _, v := range pod.Volumes {
		mounts := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name })
		if mounts && v.ConfigMap != nil {
			words += "\n" + scripts[v.ConfigMap.Name]
		}
	}
	return withoutComments(words)
}
