package release

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// checkPodSecurity returns an InsecureError if the release has pods that don't keep
// to the Pod Security Standard that their namespace is labelled with.
func (s *session) checkPodSecurity(objects []manifest.Object) error {
	standard, err := s.cluster.tenants.PodStandard(s.client.ctx, s.target)
	if err != nil {
		return err
	}
	found, err := manifest.Insecure(objects, standard, s.Capabilities.KubeVersion.Version)
	if err != nil || len(found) == 0 {
		return err
	}
	clients, err := s.KubernetesClientSet()
	if err != nil {
		return err
	}
	refused := func(pods manifest.InsecurePods) bool { return s.refuses(clients, pods) }
	if !slices.ContainsFunc(found[:min(len(found), mostAsked)], refused) {
		return nil
	}
	insecure := &manifest.InsecureError{Standard: string(standard.Level), Pods: found}
	if s.target.Operator {
		insecure.Namespace = s.target.Namespace
	}
	return insecure
}

// mostAsked is about how many objects' pods the cluster is asked.
const mostAsked = 5

// refuses asks the API server what it would make of pods. The text of a chart isn't
// the last word: a webhook may put right what it leaves out, and the cluster may
// exempt a namespace or a RuntimeClass. What it can't tell yet isn't refused here.
func (s *session) refuses(clients kubernetes.Interface, pods manifest.InsecurePods) bool {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "cf-helm-broker-", Labels: pods.Template.Labels, Annotations: pods.Template.Annotations},
		Spec:       pods.Template.Spec,
	}
	pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = "", "" // the chart's isn't there yet
	_, err := clients.CoreV1().Pods(s.target.Namespace).Create(s.client.ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err != nil && strings.Contains(err.Error(), "violates PodSecurity")
}
