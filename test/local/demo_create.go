package main

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	redisName       = "my-redis"
	redisPort       = 6379
	groupAnnotation = "cf-helm-broker.io/policy-group-id"
)

// overlay is the network that the local cluster's pods are in.
var overlay = netip.MustParsePrefix("10.255.0.0/16")

// createService makes an instance and shows what that made in the cluster.
func (d *demo) createService(ctx context.Context) (err error) {
	d.out.command("cf create-service redis persistent %s", redisName)
	if d.redis, err = d.instance("redis", "persistent"); err != nil {
		return err
	}
	answer, err := d.Provision(ctx, d.redis, nil)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusCreated {
		d.out.note("That was fast enough to be answered in the request itself.")
	} else if answer, err = want(http.StatusAccepted, answer, nil); err != nil {
		return err
	} else if err := d.await(ctx, d.redis, answer.Operation(), "succeeded"); err != nil {
		return err
	}
	d.out.note("What Kubernetes has now:")
	if err := d.showNamespace(ctx); err != nil {
		return err
	}
	if err := d.showRelease(ctx); err != nil {
		return err
	}
	return d.showPods(ctx)
}

func (d *demo) instance(service, plan string) (rig.Instance, error) {
	s, p, err := d.catalog.Find(service, plan)
	return rig.Instance{ID: uuid.NewString(), Service: s, Plan: p}, err
}

func namespaceOf(i rig.Instance) string { return i.Namespace(namespacePrefix) }

func (d *demo) showNamespace(ctx context.Context) error {
	namespace, err := d.kube.CoreV1().Namespaces().Get(ctx, namespaceOf(d.redis), metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the instance's namespace: %w", err)
	}
	group := namespace.Annotations[groupAnnotation]
	d.out.labelled("namespace", namespace.Name)
	d.out.labelled("annotation", groupAnnotation+": "+group)
	d.out.labelled("", "the id that `cf service "+redisName+" --guid` prints; policies point to it")
	if group != d.redis.ID {
		return fmt.Errorf("the namespace's policy group is %q instead of the instance's id %s", group, d.redis.ID)
	}
	return nil
}

// showRelease reads the release from the labels of the Secret in which Helm
// keeps it.
func (d *demo) showRelease(ctx context.Context) error {
	secrets, err := d.kube.CoreV1().Secrets(namespaceOf(d.redis)).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		return fmt.Errorf("looking for the Helm release: %w", err)
	}
	if len(secrets.Items) != 1 {
		return fmt.Errorf("the namespace holds %d revisions of Helm releases instead of 1", len(secrets.Items))
	}
	labels := secrets.Items[0].Labels
	d.out.labelled("Helm release", fmt.Sprintf("%s, revision %s, %s", labels["name"], labels["version"], labels["status"]))
	if labels["status"] != "deployed" {
		return fmt.Errorf("the Helm release is %q instead of deployed", labels["status"])
	}
	return nil
}

func (d *demo) showPods(ctx context.Context) error {
	pods, err := d.kube.CoreV1().Pods(namespaceOf(d.redis)).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing the instance's pods: %w", err)
	}
	if len(pods.Items) == 0 {
		return fmt.Errorf("the instance has no pod")
	}
	rows := [][]string{{"pod", "overlay IP", "node", "ready"}}
	for _, pod := range pods.Items {
		rows = append(rows, []string{pod.Name, pod.Status.PodIP, pod.Spec.NodeName, readiness(pod)})
	}
	d.out.table(rows...)
	for _, pod := range pods.Items {
		if ip, err := netip.ParseAddr(pod.Status.PodIP); err != nil || !overlay.Contains(ip) {
			return fmt.Errorf("pod %s has the address %q, which isn't of the overlay %s", pod.Name, pod.Status.PodIP, overlay)
		}
		if readiness(pod) != "True" {
			return fmt.Errorf("the create succeeded though pod %s isn't ready", pod.Name)
		}
	}
	return nil
}

func readiness(pod corev1.Pod) string {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return string(condition.Status)
		}
	}
	return "Unknown"
}
