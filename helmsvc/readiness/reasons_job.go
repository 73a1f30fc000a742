package readiness

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

var jobKind = schema.GroupKind{Group: "batch", Kind: "Job"}

// failed says why an object can't become ready any more.
func failed(u *unstructured.Unstructured, message string) string {
	// kstatus counts the pods that failed; the Job says which limit is reached.
	if condition, found := trueCondition(u, "Failed"); found && u.GetKind() == "Job" {
		reason, _ := condition["reason"].(string)
		said, _ := condition["message"].(string)
		message = cmp.Or(reason, "JobFailed") + ": " + cmp.Or(said, message)
	}
	return fmt.Sprintf("since %s %s failed (%s)", u.GetKind(), u.GetName(), manifest.Shorten(message))
}

// jobOf returns the name of the Job that a pod belongs to, "" if it isn't one's.
func jobOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "Job" {
		return ""
	}
	return owner.Name
}

// remember keeps the last complaint of each Job's pods: when a Job gives up,
// it deletes those that still run.
func (w *watchedRelease) remember(job string, c complaint) {
	if job == "" || c.why == "" {
		return
	}
	c.weight = decisive
	w.said[job] = c
}

// noteCompleted keeps in mind that a Job has completed: one that has a time to
// live after its end is gone before the rest of the release is ready.
func (w *watchedRelease) noteCompleted(object any) {
	if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	u, ok := object.(*unstructured.Unstructured)
	if ok && u.GroupVersionKind().GroupKind() == jobKind && hasCondition(u, "Complete") {
		w.completed.Store(u.GetName(), true)
	}
}

func (w *watchedRelease) hasCompleted(object watchedObject) bool {
	_, completed := w.completed.Load(object.name)
	return completed && object.kind == jobKind.Kind
}
