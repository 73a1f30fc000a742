package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// askEvery is how often a name is asked for that isn't answered as it will be.
const askEvery = 5 * time.Millisecond

// growth is an instance that gets one pod after the other.
type growth struct {
	*world
	target       tenant.Target
	name         string // of the Service, in DNS
	pods, slices watch.Interface
	known        []netip.Addr // of the pods that there were before
}

// arrival is when a pod was Ready, when an EndpointSlice had its address, and when the
// name was first answered with it.
type arrival struct {
	address                 netip.Addr
	ready, sliced, answered time.Time
}

func (w *world) watchGrowth(ctx context.Context, i rig.Instance) (*growth, error) {
	target := tenant.TargetOf(w.prefix, i.ID)
	g := &growth{world: w, target: target, name: fmt.Sprintf("%s-bench.%s.svc.cluster.local", target.Release, target.Namespace)}
	var err error
	if g.pods, err = w.kube.CoreV1().Pods(target.Namespace).Watch(ctx, metav1.ListOptions{}); err != nil {
		return nil, fmt.Errorf("watching pods: %w", err)
	}
	if g.slices, err = w.kube.DiscoveryV1().EndpointSlices(target.Namespace).Watch(ctx, metav1.ListOptions{}); err != nil {
		return nil, fmt.Errorf("watching endpoint slices: %w", err)
	}
	list, err := w.kube.CoreV1().Pods(target.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	for _, pod := range list.Items {
		if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil {
			g.known = append(g.known, address)
		}
	}
	return g, nil
}

// grow has the instance get one pod more, and returns how that went.
func (g *growth) grow(ctx context.Context, replicas int) (a arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: g.target.Release + "-bench", Namespace: g.target.Namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: int32(replicas)}}
	known := g.known
	if _, err := g.kube.AppsV1().Deployments(g.target.Namespace).UpdateScale(ctx, scale.Name, scale, metav1.UpdateOptions{}); err != nil {
		return a, fmt.Errorf("scaling: %w", err)
	}
	for !a.complete() {
		select {
		case <-ctx.Done():
			return a, fmt.Errorf("waiting for pod %d of %s: %w", replicas, g.name, ctx.Err())
		case e := <-g.pods.ResultChan():
			a.seePod(e.Object, known)
		case e := <-g.slices.ResultChan():
			a.seeSlice(e.Object)
		case <-time.After(askEvery):
			if have, err := g.names.Resolve(ctx, g.name); err == nil { // a question may be lost
				a.seeAnswer(have)
			}
		}
	}
	g.known = append(g.known, a.address)
	return a, nil
}

func (a *arrival) complete() bool {
	return !a.ready.IsZero() && !a.sliced.IsZero() && !a.answered.IsZero()
}

// seePod finds the pod that is new and Ready.
func (a *arrival) seePod(object runtime.Object, known []netip.Addr) {
	pod, ok := object.(*corev1.Pod)
	if !ok || !a.ready.IsZero() || !readiness.IsReady(pod) {
		return
	}
	if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil && !slices.Contains(known, address) {
		a.address, a.ready = address, time.Now()
	}
}

// seeSlice looks for the pod, which is Ready before an EndpointSlice says so.
func (a *arrival) seeSlice(object runtime.Object) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok || !a.sliced.IsZero() {
		return
	}
	for _, e := range slice.Endpoints {
		if slices.Contains(e.Addresses, a.address.String()) && e.Conditions.Ready != nil && *e.Conditions.Ready {
			a.sliced = time.Now()
		}
	}
}

func (a *arrival) seeAnswer(have []netip.Addr) {
	if a.answered.IsZero() && slices.Contains(have, a.address) {
		a.answered = time.Now()
	}
}
