package chart_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestIsolationOfPlans(t *testing.T) {
	got := only(t, `  cluster_objects: [ClusterRole, Widget.example.com]
  pod_security: restricted
  resource_quota: {pods: 10, requests.storage: 20Gi}
  limit_range: [{type: Container, default: {memory: 256Mi}}]
`, nil).Plans[0].Isolation
	storage := got.ResourceQuota[corev1.ResourceRequestsStorage]
	memory := got.LimitRange[0].Default[corev1.ResourceMemory]
	if strings.Join(got.ClusterObjects, " ") != "ClusterRole Widget.example.com" || got.PodSecurity != "restricted" ||
		storage.String() != "20Gi" || got.ResourceQuota.Pods().Value() != 10 || memory.String() != "256Mi" {
		t.Errorf("isolation %+v", got)
	}
}
