package readiness

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// podComplaints are about the pods that aren't ready. Those of a hook's wait
// are about the hook's own pods: what else the namespace holds isn't waited
// for.
func (w *watchedRelease) podComplaints(pods []*corev1.Pod, hook bool) []complaint {
	var all []complaint
	for _, pod := range pods {
		job := jobOf(pod)
		mine := job != "" && w.watches("Job", job) || w.watches("Pod", pod.Name)
		if hook && !mine {
			continue
		}
		c := complaintOf(pod)
		w.remember(job, c)
		if c.why == "" && !Serves(pod) || IsReady(pod) {
			continue
		}
		// A pod that has ended, an evicted one or a CronJob's say, keeps nothing
		// waiting unless it is waited for itself.
		if !mine && !Serves(pod) {
			c.weight = max(c.weight, vague)
		}
		all = append(all, c)
	}
	return all
}

func (w *watchedRelease) watches(kind, name string) bool {
	return slices.ContainsFunc(w.objects, func(o watchedObject) bool { return o.kind == kind && o.name == name })
}

// count counts the pods that serve: those of Jobs end, and are counted by
// their Job.
func count(pods []*corev1.Pod) Progress {
	var progress Progress
	for _, pod := range pods {
		if !Serves(pod) {
			continue
		}
		progress.Total++
		if IsReady(pod) {
			progress.Ready++
		}
	}
	return progress
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
	u, err := manifest.AsUnstructured(object)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, pod)
}
