package helmsvc

import (
	"fmt"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// prospect is what becomes of a release's objects, as far as pods go.
type prospect struct {
	// pods names a workload that keeps pods running; empty: there is none.
	pods string
	// customs are custom resources: their operators may make anything.
	customs []*unstructured.Unstructured
	// ends: there are Jobs, which may make anything before they end.
	ends bool
	// stopped are the workloads that are asked for no pod, and leading the
	// Services that are to lead to some.
	stopped, leading []string
}

// never tells whether there will be no pod though there is something that is
// about pods.
func (p prospect) never() bool {
	return p.pods == "" && len(p.customs) == 0 && len(p.stopped)+len(p.leading) > 0
}

// prospectOf looks at what a release was, or would be, made of, hooks included.
func prospectOf(r *release.Release) (prospect, error) {
	objects, err := decode(r.Manifest)
	if err != nil {
		return prospect{}, fmt.Errorf("reading what the chart renders: %w", err)
	}
	hooks, err := decodeHooks(r.Hooks)
	if err != nil {
		return prospect{}, err
	}
	var p prospect
	for _, object := range append(objects, hooks...) {
		p.add(object)
	}
	return p, nil
}

func (p *prospect) add(object *unstructured.Unstructured) {
	kind := object.GroupVersionKind()
	if manifest.IsCustom(kind) {
		if !manifest.SeldomTold[kind.GroupKind().String()] {
			p.customs = append(p.customs, object)
		}
		return
	}
	name := kind.Kind + " " + object.GetName()
	switch kind.Kind {
	case "Pod", "DaemonSet":
		p.pods = name
	case "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController":
		replicas, found, err := unstructured.NestedInt64(object.Object, "spec", "replicas")
		if found && err == nil && replicas == 0 {
			p.stopped = append(p.stopped, name)
			return
		}
		p.pods = name
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

func (p prospect) noPod() *NoPodError { return &NoPodError{Stopped: p.stopped, Leading: p.leading} }

func (e *NoPodError) Error() string {
	const text = "no pod of the service instance would ever serve, since "
	if len(e.Stopped) > 0 {
		return text + manifest.Listed(e.Stopped) + " is asked for 0 replicas; ask for one at least, by parameters or another plan"
	}
	return text + manifest.Listed(e.Leading) + " leads to pods and nothing in the chart keeps any running; the chart's author has to add what does, or say `bindable: false` of the plan"
}

// CheckProspect returns a NoPodError for a release that could never be bound to
// though its plan says so. What Jobs make can't be known before they have run.
func CheckProspect(r *release.Release, bindable bool) error {
	if !bindable {
		return nil
	}
	p, err := prospectOf(r)
	if err != nil || !p.never() || p.ends {
		return err
	}
	return p.noPod()
}
