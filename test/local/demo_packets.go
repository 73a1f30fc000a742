package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// overlayLimit is how long the overlay may take to follow the policies: the cell's and
// the worker's policy agents poll every 5 s.
const overlayLimit = 12 * time.Second

// wantPackets has each app connect to redis, shows what it gets, and fails unless these
// apps are answered and the others refused. Without an overlay there is nothing to see.
func (d *demo) wantPackets(ctx context.Context, answered ...cf.App) error {
	if d.wire == nil {
		return nil
	}
	list, err := d.kube.CoreV1().Pods(namespaceOf(d.redis)).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing the instance's pods: %w", err)
	}
	for _, pod := range list.Items {
		for _, app := range []cf.App{d.web, d.jobs} {
			if err := d.connect(ctx, app, &pod, slices.ContainsFunc(answered, func(a cf.App) bool { return a.GUID == app.GUID })); err != nil {
				return err
			}
		}
	}
	return nil
}

// connect connects from an app's container until the answer is the one to expect.
func (d *demo) connect(ctx context.Context, app cf.App, pod *corev1.Pod, allowed bool) error {
	want := silk.Denied
	if allowed {
		want = pods.Says(pod)
	}
	d.out.command("cf ssh %s -c 'nc %s %d'", app.Name, pod.Status.PodIP, redisPort)
	address, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil {
		return fmt.Errorf("pod %s has no address: %w", pod.Name, err)
	}
	begun := time.Now()
	for {
		said, err := d.wire.apps[app.GUID].Ask(ctx, address, redisPort)
		if err != nil {
			return err
		}
		took := time.Since(begun)
		switch {
		case said == want && allowed:
			d.out.labelled("answered", fmt.Sprintf("by pod %s, after %.2f s", pod.Name, took.Seconds()))
			return nil
		case said == want:
			d.out.labelled("refused", fmt.Sprintf("by the overlay, after %.2f s", took.Seconds()))
			return nil
		case took > overlayLimit:
			return fmt.Errorf("after %s app %s gets %q from pod %s instead of %q", overlayLimit, app.Name, said, pod.Name, want)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond): // nothing tells of rules
		}
	}
}
