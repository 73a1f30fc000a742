package chartcheck

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// workload is what makes pods that are meant to run on. Jobs aren't.
type workload struct {
	name     string
	template corev1.PodTemplateSpec
	replicas int32
	// bare says that the object is the pod itself.
	bare bool
	// numbered says that pods carry a StatefulSet's labels, and have names of their own
	// in DNS, by its governing Service.
	numbered  bool
	governing string
}

// podsOf returns the object as a workload, if it is one. A DaemonSet is taken
// to have one node.
func podsOf(o object) (workload, bool) {
	switch w := o.typed.(type) {
	case *appsv1.Deployment:
		return workload{name: o.name, template: w.Spec.Template, replicas: orOne(w.Spec.Replicas)}, true
	case *appsv1.ReplicaSet:
		return workload{name: o.name, template: w.Spec.Template, replicas: orOne(w.Spec.Replicas)}, true
	case *appsv1.StatefulSet:
		return workload{name: o.name, template: w.Spec.Template, replicas: orOne(w.Spec.Replicas), numbered: true, governing: w.Spec.ServiceName}, true
	case *appsv1.DaemonSet:
		return workload{name: o.name, template: w.Spec.Template, replicas: 1}, true
	case *corev1.Pod:
		return workload{name: o.name, template: corev1.PodTemplateSpec{ObjectMeta: w.ObjectMeta, Spec: w.Spec}, replicas: 1, bare: true}, true
	}
	return workload{}, false
}

func orOne(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

func (w workload) pods() []corev1.Pod {
	if w.bare {
		return []corev1.Pod{w.pod(w.name)}
	}
	var pods []corev1.Pod
	for i := range w.replicas {
		pod := w.pod(fmt.Sprintf("%s-%d", w.name, i))
		if w.numbered {
			pod.Labels = with(pod.Labels, appsv1.StatefulSetPodNameLabel, pod.Name)
			pod.Labels = with(pod.Labels, appsv1.PodIndexLabel, strconv.Itoa(int(i)))
			pod.Spec.Hostname, pod.Spec.Subdomain = pod.Name, w.governing
		}
		pods = append(pods, pod)
	}
	return pods
}

func (w workload) pod(name string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.template.Labels, Annotations: w.template.Annotations},
		Spec:       w.template.Spec,
	}
}
