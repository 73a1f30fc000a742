package view

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// ErrNoReadyPod says that an instance has pods and none of them is ready.
var ErrNoReadyPod = errors.New("no pod of the service instance is ready")

// aLook is how long what has to be watched is looked at where there is no
// patience to wait.
const aLook = time.Second

// ViewReady is View once at least one pod is Ready. It waits up to patience,
// which may be 0, then returns ErrNoReadyPod with what it has waited for. An
// instance whose pods an operator makes is waited for likewise, until its custom
// resources are ready. One of a chart that makes no pods is ready as it is; one
// that is to have some and never will returns a NoPodError, and one of which
// nothing is left ErrGone. Services and pods are seen as they were at the
// cluster's revision since, or later: give that at which an operation on the
// instance ended. Empty is now.
func (r *Reader) ViewReady(ctx context.Context, target tenant.Target, since string, patience time.Duration) (View, error) {
	view, err := r.view(ctx, target.Namespace, since)
	if err != nil || len(view.Pods) > 0 {
		return view, err
	}
	waitCtx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if view.unready == 0 {
		ahead, err := r.ahead(ctx, target)
		switch {
		case err != nil:
			return View{}, err
		case ahead.Never():
			return View{}, ahead.NoPod()
		case ahead.Pods != "":
			view.reason = ahead.Pods + " has no pod yet"
		case len(ahead.Customs) == 0:
			return view, nil
		default:
			if view, err = r.viewMade(ctx, target, ahead, patience); err != nil || !view.wantsPods() || len(view.Pods) > 0 {
				return view, err
			}
		}
	}
	if patience <= 0 {
		return View{}, noReadyPod(view.reason, 0)
	}
	if err := r.awaitReadyPod(waitCtx, target.Namespace); err != nil {
		if ctx.Err() == nil && waitCtx.Err() != nil {
			return View{}, noReadyPod(view.reason, patience)
		}
		return View{}, fmt.Errorf("waiting for a ready pod in namespace %s: %w", target.Namespace, err)
	}
	return r.View(ctx, target.Namespace)
}

// viewMade is View once an instance's custom resources are ready.
func (r *Reader) viewMade(ctx context.Context, target tenant.Target, ahead manifest.Prospect, patience time.Duration) (View, error) {
	waitCtx, cancel := context.WithTimeout(ctx, max(patience, aLook))
	defer cancel()
	reason, err := r.awaitCustoms(waitCtx, target, ahead.Customs)
	if err != nil && ctx.Err() == nil && waitCtx.Err() != nil {
		return View{}, noReadyPod(reason, patience)
	}
	if err != nil {
		return View{}, fmt.Errorf("waiting for the custom resources in namespace %s: %w", target.Namespace, err)
	}
	return r.View(ctx, target.Namespace)
}

// ahead tells what an instance is going to have, by the release that is
// deployed.
func (r *Reader) ahead(ctx context.Context, target tenant.Target) (manifest.Prospect, error) {
	var found *release.Release
	err := r.tenants.InNamespace(ctx, target.Namespace, func(clients kubernetes.Interface) (err error) {
		releases := history.In(clients, target)
		if found, err = releases.Deployed(target.Release); errors.Is(err, driver.ErrNoDeployedReleases) {
			found, err = releases.Last(target.Release) // an update is being made, or was broken off
		}
		return err
	})
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return manifest.Prospect{}, tenant.ErrGone
	}
	if errors.Is(err, tenant.ErrGone) {
		return manifest.Prospect{}, err
	}
	if err != nil {
		return manifest.Prospect{}, fmt.Errorf("looking for the release in namespace %s: %w", target.Namespace, err)
	}
	return manifest.ProspectOf(found)
}

func noReadyPod(reason string, patience time.Duration) error {
	err := ErrNoReadyPod
	if patience > 0 {
		err = fmt.Errorf("%w after %s", err, patience)
	}
	if reason == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, reason)
}

// wantsPods tells whether the instance is one that pods serve.
func (v View) wantsPods() bool {
	if v.unready > 0 {
		return true
	}
	for _, s := range v.Services {
		if len(s.Spec.Selector) > 0 {
			return true
		}
	}
	return false
}

func (r *Reader) awaitReadyPod(ctx context.Context, namespace string) error {
	source := cache.NewListWatchFromClient(r.clients.CoreV1().RESTClient(), "pods", namespace, fields.Everything())
	_, err := watchtools.UntilWithSync(ctx, source, &corev1.Pod{}, nil, func(event watch.Event) (bool, error) {
		pod, ok := event.Object.(*corev1.Pod)
		return ok && event.Type != watch.Deleted && readiness.Serves(pod) && readiness.IsReady(pod), nil
	})
	return err
}
