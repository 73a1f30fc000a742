package helmsvc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
func (m making) setPolicyGroup(object *unstructured.Unstructured) {
	template := podTemplate(object)
	if template == nil {
		return
	}
	if group := m.groupOf(object); group != "" {
		annotate(template, PolicyGroupAnnotation, group)
		return
	}
	unannotate(template, PolicyGroupAnnotation)
}

// groupOf is the policy group of the pods that an object makes; empty: that of
// their namespace, or it makes none.
func (m making) groupOf(object *unstructured.Unstructured) string {
	if m.groups == "" || podTemplate(object) == nil || object.GetKind() == "PodTemplate" { // whose pods are another's
		return ""
	}
	return PolicyGroupOf(m.groups, object.GetKind(), cmp.Or(object.GetName(), object.GetGenerateName()))
}

// instanceGroup returns the policy group of the pods' namespace if any of the
// pods names one of its own, else nothing.
func (c *Cluster) instanceGroup(ctx context.Context, namespace string, pods []corev1.Pod) (string, error) {
	if !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Annotations[PolicyGroupAnnotation] != "" }) {
		return "", nil
	}
	found, err := c.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("reading the policy group of namespace %s: %w", namespace, err)
	}
	return found.Annotations[PolicyGroupAnnotation], nil
}

// ownGroup returns the policy group that the pod's annotation names. It is
// believed only if it is one of the instance's and that of the pod's owner: an
// operator may copy annotations that a tenant has made up, and a policy to
// another tenant's group would lead there.
func ownGroup(pod *corev1.Pod, instanceGroup string) string {
	named := pod.Annotations[PolicyGroupAnnotation]
	if named == "" || instanceGroup == "" {
		return ""
	}
	for _, owner := range rootOwners(pod) {
		if PolicyGroupOf(instanceGroup, owner[0], owner[1]) == named {
			return named
		}
	}
	return ""
}

// rootOwners are the kinds and names that the pod's root owner can have, as far
// as the pod tells.
func rootOwners(pod *corev1.Pod) [][2]string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return [][2]string{{"Pod", pod.Name}, {"Pod", pod.GenerateName}}
	}
	owners := [][2]string{{owner.Kind, owner.Name}}
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if deployment, found := strings.CutSuffix(owner.Name, "-"+hash); found && owner.Kind == "ReplicaSet" && hash != "" {
		owners = append(owners, [2]string{"Deployment", deployment})
	}
	return owners
}
