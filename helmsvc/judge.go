package helmsvc

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

// verdict is what one look at a release yields.
type verdict struct {
	ready    bool
	failure  string // why it can't become ready any more
	progress Progress
}

// inert are kinds of Kubernetes' own groups that are ready as soon as they
// exist. Not watching them saves two requests for each kind.
var inert = map[string]bool{
	"/ConfigMap": true, "/Secret": true, "/ServiceAccount": true, "/LimitRange": true, "/ResourceQuota": true,
	"rbac.authorization.k8s.io/Role": true, "rbac.authorization.k8s.io/RoleBinding": true,
	"networking.k8s.io/NetworkPolicy": true, "networking.k8s.io/Ingress": true, "batch/CronJob": true,
	"policy/PodDisruptionBudget": true, "autoscaling/HorizontalPodAutoscaler": true,
}

// judgedIn selects the objects whose readiness counts: those of the
// instance's namespace that can be anything but ready.
func judgedIn(namespace string) func(*resource.Info) bool {
	return func(info *resource.Info) bool {
		kind := info.Mapping.GroupVersionKind
		return info.Namespaced() && info.Namespace == namespace && !inert[kind.Group+"/"+kind.Kind]
	}
}

func isCRD(info *resource.Info) bool {
	return info.Mapping.GroupVersionKind.Kind == "CustomResourceDefinition"
}

// judge reads the caches. Rules: kstatus, made stricter where Kibosh's charts
// rely on it (a Job has completed, a load balancer has an address).
func (w *watchedRelease) judge() (verdict, error) {
	progress, err := w.podProgress()
	if err != nil {
		return verdict{}, err
	}
	v := verdict{ready: true}
	desired := 0
	pending := "" // the first object that isn't ready
	for _, object := range w.objects {
		found, err := object.lister.Get(object.name)
		if apierrors.IsNotFound(err) {
			v.ready = false
			pending = cmp.Or(pending, fmt.Sprintf("%s %s doesn't exist", object.kind, object.name))
			continue
		}
		if err != nil {
			return verdict{}, err
		}
		u, err := asUnstructured(found)
		if err != nil {
			return verdict{}, err
		}
		desired += desiredPods(u)
		result, err := judgeObject(u)
		if err != nil {
			return verdict{}, err
		}
		v.ready = v.ready && result.Status == status.CurrentStatus
		if result.Status == status.FailedStatus {
			v.failure = fmt.Sprintf("since %s %s failed (%s)", object.kind, object.name, result.Message)
		}
		if result.Status != status.CurrentStatus {
			pending = cmp.Or(pending, cmp.Or(replicaFailure(u), fmt.Sprintf("%s %s: %s", object.kind, object.name, shorten(result.Message))))
		}
	}
	progress.Reason = cmp.Or(progress.Reason, pending)
	progress.Total = max(progress.Total, desired)
	v.progress = progress
	return v, nil
}

func judgeObject(u *unstructured.Unstructured) (*status.Result, error) {
	result, err := status.Compute(u)
	if err != nil || result.Status != status.CurrentStatus {
		return result, err
	}
	pending := func(message string) (*status.Result, error) {
		return &status.Result{Status: status.InProgressStatus, Message: message}, nil
	}
	switch u.GetKind() {
	case "Job":
		if !hasCondition(u, "Complete") {
			return pending("it has not completed")
		}
	case "Pod":
		if phase, _, _ := unstructured.NestedString(u.Object, "status", "phase"); phase == string(corev1.PodFailed) {
			return &status.Result{Status: status.FailedStatus, Message: "it ended in failure"}, nil
		}
	case "Service":
		kind, _, _ := unstructured.NestedString(u.Object, "spec", "type")
		addresses, _, _ := unstructured.NestedSlice(u.Object, "status", "loadBalancer", "ingress")
		if kind == string(corev1.ServiceTypeLoadBalancer) && len(addresses) == 0 {
			return pending("it has no load balancer address")
		}
	}
	return result, nil
}

// podProgress counts the pods that serve: those of Jobs end, and are counted
// by their Job.
func (w *watchedRelease) podProgress() (Progress, error) {
	var progress Progress
	pods, err := w.sortedPods()
	if err != nil {
		return progress, err
	}
	for _, pod := range pods {
		progress.Reason = cmp.Or(progress.Reason, podReason(pod))
		if !serves(pod) {
			continue
		}
		progress.Total++
		if isReady(pod) {
			progress.Ready++
		}
	}
	return progress, nil
}

// sortedPods are the namespace's pods by name, so that of several that aren't
// ready the same one is named each time.
func (w *watchedRelease) sortedPods() ([]*corev1.Pod, error) {
	objects, err := w.pods.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	pods := make([]*corev1.Pod, 0, len(objects))
	for _, object := range objects {
		pod, err := asPod(object)
		if err != nil {
			return nil, err
		}
		pods = append(pods, pod)
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods, nil
}

func asPod(object any) (*corev1.Pod, error) {
	u, err := asUnstructured(object)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, pod)
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

// replicaFailure is why a Deployment can't make its pods (quota, admission).
func replicaFailure(u *unstructured.Unstructured) string {
	message := conditionMessage(u, "ReplicaFailure")
	if message == "" {
		return ""
	}
	return fmt.Sprintf("%s %s: %s", u.GetKind(), u.GetName(), shorten(message))
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
