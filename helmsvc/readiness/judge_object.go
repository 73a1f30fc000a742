package readiness

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func judgeObject(u *unstructured.Unstructured) (*status.Result, error) {
	kind := u.GroupVersionKind().GroupKind().String()
	if kind == "Pod" {
		return judgePod(u)
	}
	result, err := status.Compute(u)
	if err != nil || result.Status != status.CurrentStatus {
		return result, err
	}
	pending := func(message string) (*status.Result, error) {
		return &status.Result{Status: status.InProgressStatus, Message: message}, nil
	}
	switch kind {
	case "Job.batch":
		if !hasCondition(u, "Complete") {
			return pending("it has not completed")
		}
	case "Service":
		exposure, _, _ := unstructured.NestedString(u.Object, "spec", "type")
		addresses, _, _ := unstructured.NestedSlice(u.Object, "status", "loadBalancer", "ingress")
		if exposure == string(corev1.ServiceTypeLoadBalancer) && len(addresses) == 0 {
			return pending("it has no load balancer address")
		}
	}
	return result, nil
}

// judgePod judges a pod that nothing else looks after. kstatus takes one that
// has crashed once, or wasn't scheduled for 15 s, for failed; what it waits for
// may still come.
func judgePod(u *unstructured.Unstructured) (*status.Result, error) {
	phase, _, _ := unstructured.NestedString(u.Object, "status", "phase")
	if phase == string(corev1.PodFailed) {
		return &status.Result{Status: status.FailedStatus, Message: "it ended in failure"}, nil
	}
	result, err := status.Compute(u)
	if err == nil && result.Status == status.FailedStatus {
		result = &status.Result{Status: status.InProgressStatus, Message: result.Message}
	}
	return result, err
}

// desiredPods is how many pods a workload asks for.
func desiredPods(u *unstructured.Unstructured) int {
	switch u.GetKind() {
	case "Deployment", "StatefulSet":
		if replicas, found, _ := unstructured.NestedInt64(u.Object, "spec", "replicas"); found {
			return int(replicas)
		}
		return 1
	case "DaemonSet":
		scheduled, _, _ := unstructured.NestedInt64(u.Object, "status", "desiredNumberScheduled")
		return int(scheduled)
	}
	return 0
}

func hasCondition(u *unstructured.Unstructured, kind string) bool {
	_, found := trueCondition(u, kind)
	return found
}

func conditionMessage(u *unstructured.Unstructured, kind string) string {
	condition, _ := trueCondition(u, kind)
	message, _ := condition["message"].(string)
	return message
}

func trueCondition(u *unstructured.Unstructured, kind string) (map[string]any, bool) {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] == kind && condition["status"] == "True" {
			return condition, true
		}
	}
	return nil, false
}
