package manifest

import (
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Prospect is what becomes of a release's objects, as far as pods go.
type Prospect struct {
	// Pods names a workload that keeps pods running; empty: there is none.
	Pods string
	// Customs are custom resources: their operators may make anything.
	Customs []*unstructured.Unstructured
	// ends: there are Jobs, which may make anything before they end.
	ends bool
	// stopped are the workloads that are asked for no pod, and leading the
	// Services that are to lead to some.
	stopped, leading []string
}

// Never tells whether there will be no pod though there is something that is
// about pods.
func (p Prospect) Never() bool {
	return p.Pods == "" && len(p.Customs) == 0 && len(p.stopped)+len(p.leading) > 0
}

// ProspectOf looks at what a release was, or would be, made of, hooks included.
func ProspectOf(r *release.Release) (Prospect, error) {
	objects, err := Read(r)
	return prospectOf(objects), err
}

func prospectOf(objects []Object) Prospect {
	var p Prospect
	for _, o := range objects {
		p.add(o.Unstructured)
	}
	return p
}

func (p *Prospect) add(object *unstructured.Unstructured) {
	kind := object.GroupVersionKind()
	if IsCustom(kind) {
		if !SeldomTold[kind.GroupKind().String()] {
			p.Customs = append(p.Customs, object)
		}
		return
	}
	name := kind.Kind + " " + object.GetName()
	switch kind.Kind {
	case "Pod", "DaemonSet":
		p.Pods = name
	case "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController":
		replicas, found, err := unstructured.NestedInt64(object.Object, "spec", "replicas")
		if found && err == nil && replicas == 0 {
			p.stopped = append(p.stopped, name)
			return
		}
		p.Pods = name
	case "Job", "CronJob":
		p.ends = true
	case "Service":
		selector, _, _ := unstructured.NestedMap(object.Object, "spec", "selector")
		if len(selector) > 0 {
			p.leading = append(p.leading, name)
		}
	}
}

// NoPodError says that no pod of a service instance will ever serve, so that
// binding to it makes no sense.
type NoPodError struct {
	// Stopped are workloads that are asked for no pod, as "Deployment db".
	Stopped []string
	// Leading are the Services that lead to no pod.
	Leading []string
}

// NoPod is the error of a prospect in which nothing will ever serve.
func (p Prospect) NoPod() *NoPodError { return &NoPodError{Stopped: p.stopped, Leading: p.leading} }

func (e *NoPodError) Error() string {
	const text = "no pod of the service instance would ever serve, since "
	if len(e.Stopped) > 0 {
		return text + Listed(e.Stopped) + " is asked for 0 replicas; ask for one at least, by parameters or another plan"
	}
	return text + Listed(e.Leading) + " leads to pods and nothing in the chart keeps any running; the chart's author has to add what does, or say `bindable: false` of the plan"
}

// CheckProspect returns a NoPodError if what Read has read could never be bound to
// though its plan says so. What Jobs make can't be known before they have run.
func CheckProspect(objects []Object, bindable bool) error {
	p := prospectOf(objects)
	if !bindable || !p.Never() || p.ends {
		return nil
	}
	return p.NoPod()
}
