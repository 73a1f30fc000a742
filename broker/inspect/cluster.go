package inspect

import (
	"context"
	"errors"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// gone is the phase of a namespace that doesn't exist.
const gone = "gone"

// readCluster adds what the broker's own cluster has of the instance.
func (in *Inspector) readCluster(ctx context.Context, d *Details) {
	namespace, err := in.bounded.CoreV1().Namespaces().Get(ctx, d.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		d.NamespacePhase = gone
		return
	case err != nil:
		d.unread("the namespace", err) // the rest may be readable nevertheless
	default:
		d.NamespacePhase = string(namespace.Status.Phase)
	}
	in.readRelease(ctx, d)
	in.readPods(ctx, d)
}

// readRelease reads what Helm has recorded in the namespace. Helm's own
// description of a failure may quote values, and is left out.
func (in *Inspector) readRelease(ctx context.Context, d *Details) {
	last, err := in.lastRelease(d.Namespace, d.ReleaseName)
	switch {
	case ctx.Err() != nil:
		d.unread("the release", ctx.Err())
	case errors.Is(err, driver.ErrReleaseNotFound):
		return
	case err != nil:
		d.unread("the release", err)
	default:
		d.Release = &Release{Revision: last.Version, Status: string(last.Info.Status), Updated: last.Info.LastDeployed.Time}
		if last.Chart != nil && last.Chart.Metadata != nil {
			d.Release.Version = last.Chart.Metadata.Version
		}
	}
}

// lastRelease reads the newest revision: as whoever asks or, if that isn't
// allowed, as the instance's own account, which the broker's may act as.
func (in *Inspector) lastRelease(namespace, name string) (*release.Release, error) {
	target := tenant.Target{Namespace: namespace, Release: name}
	last, err := history.In(in.bounded, target).Last(name)
	if !apierrors.IsForbidden(err) {
		return last, err
	}
	clients, clientErr := kubernetes.NewForConfig(bounded.Reads(tenant.AsInstance(in.config, namespace)))
	if clientErr != nil {
		return nil, errors.Join(err, clientErr)
	}
	if last, instanceErr := history.In(clients, target).Last(name); !apierrors.IsForbidden(instanceErr) {
		return last, instanceErr
	}
	return nil, err
}

func (in *Inspector) readPods(ctx context.Context, d *Details) {
	pods, err := in.bounded.CoreV1().Pods(d.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		d.unread("the pods", err)
		return
	}
	for i := range pods.Items {
		d.Pods = append(d.Pods, podOf(&pods.Items[i]))
	}
}

func podOf(p *corev1.Pod) Pod {
	shown := Pod{Name: p.Name, IP: view.AddressOf(p), Phase: string(p.Status.Phase)}
	if p.DeletionTimestamp != nil {
		shown.Reason = "is being deleted"
		return shown
	}
	ready := condition(p, corev1.PodReady)
	shown.Ready = ready.Status == corev1.ConditionTrue
	if !shown.Ready && p.Status.Phase != corev1.PodSucceeded {
		shown.Reason = reason(p, ready)
	}
	return shown
}
