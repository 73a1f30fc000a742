package manifest

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// PolicyGroupAnnotation names the policy group of a namespace's pods, and on a
// pod the pod's own. The CNI wrapper on a Silk worker reads it once, when the
// pod's network is made.
const PolicyGroupAnnotation = "cf-helm-broker.io/policy-group-id"

// PolicyGroupOf returns the policy group of a workload, by the instance's own
// and the kind and name of its pods' root owner: a Deployment, not its
// ReplicaSet; a CronJob, not its Job.
func PolicyGroupOf(instanceGroup, kind, name string) string {
	space, err := uuid.Parse(instanceGroup)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceGroup))
	}
	return uuid.NewSHA1(space, []byte(kind+"/"+name)).String()
}

// setPolicyGroup has the pods that an object makes be in their workload's
// policy group, or in their namespace's. A group that the chart names is taken
// away: it may be another tenant's.
func (r Rules) setPolicyGroup(object *unstructured.Unstructured) {
	template := podTemplate(object)
	if template == nil {
		return
	}
	if group := r.groupOf(object); group != "" {
		Annotate(template, PolicyGroupAnnotation, group)
		return
	}
	unannotate(template, PolicyGroupAnnotation)
}

// groupOf is the policy group of the pods that an object makes; empty: that of
// their namespace, or it makes none.
func (r Rules) groupOf(object *unstructured.Unstructured) string {
	if r.Groups == "" || podTemplate(object) == nil || object.GetKind() == "PodTemplate" { // whose pods are another's
		return ""
	}
	return PolicyGroupOf(r.Groups, object.GetKind(), cmp.Or(object.GetName(), object.GetGenerateName()))
}

// GroupsOf are the policy groups that the releases' pods are given, in order.
func (r Rules) GroupsOf(releases []*release.Release) ([]string, error) {
	var groups []string
	for _, made := range releases {
		if made == nil { // it can't be rendered before its CRDs are there
			continue
		}
		err := EachObject(made, func(object *unstructured.Unstructured, _ string) {
			if group := r.groupOf(object); group != "" {
				groups = append(groups, group)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}
