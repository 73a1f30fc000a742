package tenant

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
)

// ensureQuota limits what the namespace may use and hold.
func (n *Namespaces) ensureQuota(ctx context.Context, namespace string, hard corev1.ResourceList, isNew bool) error {
	quotas := n.clients.CoreV1().ResourceQuotas(namespace)
	if len(hard) == 0 {
		return without(isNew, func() error { return quotas.Delete(ctx, isolationName, metav1.DeleteOptions{}) })
	}
	quota := corev1apply.ResourceQuota(isolationName, namespace).WithSpec(corev1apply.ResourceQuotaSpec().WithHard(hard))
	_, err := quotas.Apply(ctx, quota, applying())
	return err
}

// ensureLimits limits what each of its pods and claims may use.
func (n *Namespaces) ensureLimits(ctx context.Context, namespace string, items []corev1.LimitRangeItem, isNew bool) error {
	ranges := n.clients.CoreV1().LimitRanges(namespace)
	if len(items) == 0 {
		return without(isNew, func() error { return ranges.Delete(ctx, isolationName, metav1.DeleteOptions{}) })
	}
	spec := corev1apply.LimitRangeSpec()
	for _, item := range items {
		limit := corev1apply.LimitRangeItem().WithType(item.Type).WithMax(item.Max).WithMin(item.Min).
			WithDefault(item.Default).WithDefaultRequest(item.DefaultRequest).WithMaxLimitRequestRatio(item.MaxLimitRequestRatio)
		spec.WithLimits(limit)
	}
	_, err := ranges.Apply(ctx, corev1apply.LimitRange(isolationName, namespace).WithSpec(spec), applying())
	return err
}

// without takes away what may be there.
func without(isNew bool, remove func() error) error {
	if isNew {
		return nil
	}
	if err := remove(); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return nil
}
