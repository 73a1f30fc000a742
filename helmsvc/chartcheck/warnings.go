package chartcheck

import (
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// warnings are what a cluster may refuse or what goes around the policies.
func warnings(made *release.Release, plan chart.Plan, objects []object, w world) []string {
	var found []string
	for _, definition := range made.Chart.CRDObjects() {
		found = append(found, fmt.Sprintf("%s: a CustomResourceDefinition is cluster-scoped; unless the cluster has it, %s", definition.Name, whoAllows))
	}
	for _, rule := range plan.Ready {
		if !slices.ContainsFunc(objects, func(o object) bool { return rule.Is(o.kind.GroupKind()) }) {
			found = append(found, fmt.Sprintf("plans.yaml: ready: plan %q makes no object of the kind %s", plan.Name, rule.Kind))
		}
	}
	for _, o := range objects {
		found = append(found, rightsWarnings(o)...)
		if service, ok := o.typed.(*corev1.Service); ok {
			if !plan.AllowExposure {
				found = append(found, closedWarnings(o, service)...)
			}
			found = append(found, serviceWarnings(o, service, w.pods)...)
		}
		if workload, ok := podsOf(o); ok {
			found = append(found, podWarnings(o, workload.template.Spec)...)
		}
	}
	return append(found, repeatedWarnings(objects)...)
}

func serviceWarnings(o object, s *corev1.Service, pods []corev1.Pod) []string {
	var found []string
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		return found
	}
	if len(s.Spec.Selector) == 0 {
		return append(found, fmt.Sprintf("%s: it has no selector, so apps can't be led to its pods", o))
	}
	var behind []corev1.Pod
	for _, pod := range pods {
		if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
			behind = append(behind, pod)
		}
	}
	if len(behind) == 0 {
		return append(found, fmt.Sprintf("%s: its selector %s matches no pod of this plan", o, labels.Set(s.Spec.Selector)))
	}
	for _, port := range s.Spec.Ports {
		if port.TargetPort.Type == intstr.String && !declare(behind, port.TargetPort.StrVal) {
			found = append(found, fmt.Sprintf("%s: port %d targets %q, which no container behind it declares", o, port.Port, port.TargetPort.StrVal))
		}
	}
	return found
}

func declare(pods []corev1.Pod, name string) bool {
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == name {
					return true
				}
			}
		}
	}
	return false
}

func podWarnings(o object, pod corev1.PodSpec) []string {
	var found []string
	for _, container := range pod.Containers {
		if container.ReadinessProbe == nil {
			found = append(found, fmt.Sprintf("%s: container %s has no readinessProbe, so it counts as ready before it answers", o, container.Name))
		}
	}
	return found
}
