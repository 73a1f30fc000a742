package manifest

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// setPolicyGroup has the pods that an object makes be in their workload's
// policy group, or in their namespace's. A group that the chart names is taken
// away: it may be another tenant's.
func (r Rules) setPolicyGroup(object *unstructured.Unstructured) {
	template := podTemplate(object)
	if template == nil {
		return
	}
	r.labelGroup(object, template)
	if group := r.groupOf(object); group != "" {
		Annotate(template, podgroup.Annotation, group)
		return
	}
	unannotate(template, podgroup.Annotation)
}

// labelGroup has pods carry their policy group as labels, by which NetworkPolicies
// select them.
func (r Rules) labelGroup(object *unstructured.Unstructured, template map[string]any) {
	group := cmp.Or(r.groupOf(object), r.Group)
	if group == "" || object.GetKind() == "PodTemplate" { // whose pods are another's
		return
	}
	for _, key := range r.GroupLabels {
		label(template, key, group)
	}
}

// groupOf is the policy group of the pods that an object makes; empty: that of
// their namespace, or it makes none.
func (r Rules) groupOf(object *unstructured.Unstructured) string {
	if r.Groups == "" || podTemplate(object) == nil || object.GetKind() == "PodTemplate" { // whose pods are another's
		return ""
	}
	return podgroup.OfWorkload(r.Groups, object.GetKind(), cmp.Or(object.GetName(), object.GetGenerateName()))
}

// GroupsOf are the policy groups that the objects' pods are given, in order.
func (r Rules) GroupsOf(objects []Object) []string {
	var groups []string
	for _, object := range objects {
		if group := r.groupOf(object.Unstructured); group != "" {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
