package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// follow has the instance's pod replaced by one with another address, and shows that
// the name in the app's credentials leads there.
func (d *demo) follow(ctx context.Context) error {
	if d.host == "" {
		return errors.New("the app's credentials name no host")
	}
	d.out.note("The app's credentials say %s. As the app resolves it:", d.host)
	before, err := d.pod(ctx)
	if err != nil {
		return err
	}
	if err := d.resolve(ctx, before.Status.PodIP); err != nil {
		return err
	}
	d.out.command("kubectl delete pod %s", before.Name)
	if err := d.kube.CoreV1().Pods(before.Namespace).Delete(ctx, before.Name, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("deleting the pod: %w", err)
	}
	after, err := d.successor(ctx, before)
	if err != nil {
		return err
	}
	d.out.note("Another pod has taken its place, at another address:")
	d.out.table([]string{"pod", "overlay IP", "node", "ready"}, []string{after.Name, after.Status.PodIP, after.Spec.NodeName, readiness(after)})
	if err := d.resolve(ctx, after.Status.PodIP); err != nil {
		return err
	}
	d.out.note("Nobody has bound or restaged anything: the app finds its service with the credentials that it has.")
	return d.wantPolicies(ctx, d.web, d.jobs)
}

// successor is the Ready pod that has taken another one's place, at another address.
// The simulated workers hand out at once what is free: it then gets a new sandbox, as
// a kubelet gives it one whose first has died.
func (d *demo) successor(ctx context.Context, before corev1.Pod) (after corev1.Pod, err error) {
	ready := func() (_ bool, err error) {
		after, err = d.pod(ctx)
		return err == nil && after.UID != before.UID && readiness(after) == "True", err
	}
	if err := d.until(ctx, "another pod is ready", ready); err != nil || after.Status.PodIP != before.Status.PodIP {
		return after, err
	}
	if _, err := d.cluster.RestartPod(ctx, after.Namespace, after.Name); err != nil {
		return after, err
	}
	return after, d.until(ctx, "the pod is ready again", ready)
}

// pod is the instance's, the newest if one is going; an empty one if there is none.
func (d *demo) pod(ctx context.Context) (corev1.Pod, error) {
	pods, err := d.kube.CoreV1().Pods(namespaceOf(d.redis)).List(ctx, metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		return corev1.Pod{}, err
	}
	return slices.MaxFunc(pods.Items, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) }), nil
}

// resolve shows what the credentials' host leads to, and fails unless that comes to be
// just this address.
func (d *demo) resolve(ctx context.Context, want string) error {
	var have []netip.Addr
	err := d.until(ctx, d.host+" leads to "+want, func() (_ bool, err error) {
		have, err = d.discovery.Resolve(ctx, d.host)
		return err == nil && len(have) == 1 && have[0].String() == want, err
	})
	d.out.command("dig +short %s", d.host)
	for _, address := range have {
		d.out.line("%s%s", indent, address)
	}
	return err
}

// until waits for something that nothing tells of.
func (d *demo) until(ctx context.Context, what string, is func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	for {
		done, err := is()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("it didn't come true within %s that %s", operationLimit, what), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
