package charts_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestPodsAreRestricted applies the "restricted" Pod Security Standard
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/) and, beyond it, wants a
// read-only root file system and no token for the API server.
func TestPodsAreRestricted(t *testing.T) {
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		for _, template := range podTemplates(t, render(t, chart, release, values)) {
			checkPod(t, template.Spec)
			for _, container := range containers(template.Spec) {
				checkSecurity(t, container)
			}
		}
	})
}

func checkPod(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("automountServiceAccountToken must be false")
	}
	if pod.HostNetwork || pod.HostPID || pod.HostIPC {
		t.Error("the pod shares a namespace with its node")
	}
	security := pod.SecurityContext
	if security == nil {
		t.Fatal("the pod has no securityContext")
	}
	if security.RunAsNonRoot == nil || !*security.RunAsNonRoot {
		t.Error("runAsNonRoot must be true")
	}
	if security.RunAsUser == nil || *security.RunAsUser == 0 {
		t.Error("runAsUser must name a user other than root: the kubelet can't judge one by its name")
	}
	if p := security.SeccompProfile; p == nil || p.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Error("seccompProfile must be RuntimeDefault")
	}
	for _, volume := range pod.Volumes {
		if volume.EmptyDir == nil && volume.PersistentVolumeClaim == nil {
			t.Errorf("volume %s is neither an emptyDir nor a claim", volume.Name)
		}
	}
}

func checkSecurity(t *testing.T, container corev1.Container) {
	t.Helper()
	security := container.SecurityContext
	if security == nil {
		t.Fatalf("container %s has no securityContext", container.Name)
	}
	if security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation {
		t.Errorf("container %s: allowPrivilegeEscalation must be false", container.Name)
	}
	if security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
		t.Errorf("container %s: readOnlyRootFilesystem must be true", container.Name)
	}
	if c := security.Capabilities; c == nil || !slices.Equal(c.Drop, []corev1.Capability{"ALL"}) || len(c.Add) > 0 {
		t.Errorf("container %s must drop ALL capabilities and add none", container.Name)
	}
	for _, port := range container.Ports {
		if port.HostPort != 0 {
			t.Errorf("container %s takes port %d of its node", container.Name, port.HostPort)
		}
	}
}

func TestPodsStateResourcesAndProbes(t *testing.T) {
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		for _, template := range podTemplates(t, render(t, chart, release, values)) {
			for _, container := range containers(template.Spec) {
				checkResources(t, container)
			}
			for _, container := range template.Spec.Containers {
				if container.StartupProbe == nil || container.ReadinessProbe == nil || container.LivenessProbe == nil {
					t.Errorf("container %s must have a startup, a readiness and a liveness probe", container.Name)
				}
			}
		}
	})
}

func checkResources(t *testing.T, container corev1.Container) {
	t.Helper()
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, limit := container.Resources.Requests[name], container.Resources.Limits[name]
		if request.IsZero() || limit.IsZero() {
			t.Errorf("container %s states no request or no limit for %s", container.Name, name)
		}
		if request.Cmp(limit) > 0 {
			t.Errorf("container %s requests %s %s, more than its limit %s", container.Name, name, &request, &limit)
		}
	}
}

// TestServiceReachesPods follows the one Service to a pod: it must be a ClusterIP, select the pods and
// name ports that they have.
func TestServiceReachesPods(t *testing.T) {
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		objects := render(t, chart, release, values)
		service := only[*corev1.Service](t, objects)
		if service.Spec.Type != corev1.ServiceTypeClusterIP {
			t.Errorf("the Service is a %s, want ClusterIP", service.Spec.Type)
		}
		for _, template := range podTemplates(t, objects) {
			if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(template.Labels)) {
				t.Errorf("the Service selects %v, the pods are labelled %v", service.Spec.Selector, template.Labels)
			}
			for _, port := range service.Spec.Ports {
				if !hasPort(template.Spec, port.TargetPort.StrVal) {
					t.Errorf("no container has the port named %q", port.TargetPort.String())
				}
			}
		}
	})
}

func hasPort(pod corev1.PodSpec, name string) bool {
	return slices.ContainsFunc(pod.Containers, func(container corev1.Container) bool {
		return slices.ContainsFunc(container.Ports, func(port corev1.ContainerPort) bool {
			return name != "" && port.Name == name
		})
	})
}
