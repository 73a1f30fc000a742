package view

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// instanceGroup returns the policy group of the pods' namespace if any of the
// pods names one of its own, else nothing.
func (r *Reader) instanceGroup(ctx context.Context, namespace string, pods []corev1.Pod) (string, error) {
	if !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Annotations[manifest.PolicyGroupAnnotation] != "" }) {
		return "", nil
	}
	found, err := r.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("reading the policy group of namespace %s: %w", namespace, err)
	}
	return found.Annotations[manifest.PolicyGroupAnnotation], nil
}

// ownGroup returns the policy group that the pod's annotation names. It is
// believed only if it is one of the instance's and that of the pod's owner: an
// operator may copy annotations that a tenant has made up, and a policy to
// another tenant's group would lead there.
func ownGroup(pod *corev1.Pod, instanceGroup string) string {
	named := pod.Annotations[manifest.PolicyGroupAnnotation]
	if named == "" || instanceGroup == "" {
		return ""
	}
	for _, owner := range rootOwners(pod) {
		if manifest.PolicyGroupOf(instanceGroup, owner[0], owner[1]) == named {
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
