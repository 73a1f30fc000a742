package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

const (
	podsOfEach    = 3
	nodes         = 3               // that a local cluster has
	namesLimit    = 4 * time.Minute // until all pods run and are found
	namesInterval = time.Minute     // within which all is registered again, as the stand-in announces it
)

// measureNamesOfCrowd measures a broker that keeps the names of 2,000 instances of
// three pods each, while nothing happens.
func measureNamesOfCrowd(ctx context.Context, s *stage) (_ []row, err error) {
	c, err := s.fullCrowd(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.stop(); err != nil {
		return nil, err
	}
	if err := c.seedNames(ctx); err != nil {
		return nil, err
	}
	if err := c.startNaming(ctx); err != nil {
		return nil, err
	}
	if err := c.awaitNames(ctx); err != nil {
		return nil, err
	}
	// What was new is said again after a second, and a controller's start is answered.
	if err := pause(ctx, calmDown); err != nil {
		return nil, err
	}
	pid := c.broker.PID()
	used, err := processorTime(pid)
	if err != nil {
		return nil, err
	}
	c.names.Forget()
	begin := time.Now()
	var resident []float64
	var last memory
	for time.Since(begin) < namesInterval {
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
		if last, err = memoryOf(pid); err != nil {
			return nil, err
		}
		resident = append(resident, last.resident)
	}
	took := time.Since(begin)
	heard := c.names.Heard()
	usedNow, err := processorTime(pid)
	if err != nil {
		return nil, err
	}
	top, err := c.profile(ctx, "heap")
	if err != nil {
		return nil, err
	}
	mean, most := rates(heard, begin, took)
	return []row{
		row{name: "messages a second, 2,000 instances of 3 pods, most", value: most, unit: "messages", n: 1}.to("the mean", mean, atMost(1.5)).
			note("%d in %s, each an address with its two names: %s a second", len(heard), took.Round(time.Second), figure(mean)),
		row{name: "resident memory, 2,000 instances of 3 pods with names", value: median(resident), unit: "MB", n: len(resident)}.is(atMost(150)).
			note("at most %s MB since its start", figure(last.peak)).
			note("%s", namesNote(len(c.seeded))).
			note("what the heap holds:").noteEach(top),
		row{name: "share of a processor, 2,000 instances of 3 pods with names", value: 100 * (usedNow - used).Seconds() / took.Seconds(), unit: "%", n: 1}.is(atMost(2)),
	}, nil
}

func namesNote(instances int) string {
	return fmt.Sprintf("%d of the records have an app's binding, a headless Service and three pods with hostnames, which simulated nodes run", instances)
}

// rates are the mean and the most of messages in whole seconds.
func rates(heard []discovery.Message, begin time.Time, took time.Duration) (mean, most float64) {
	seconds := make([]float64, int(took/time.Second))
	for _, m := range heard {
		if n := int(m.At.Sub(begin) / time.Second); n >= 0 && n < len(seconds) {
			seconds[n]++
			mean += 1 / float64(len(seconds))
		}
	}
	for _, count := range seconds {
		most = max(most, count)
	}
	return mean, most
}

// awaitNames waits until every seeded address was registered.
func (c *crowd) awaitNames(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	for {
		addresses := map[string]bool{}
		for _, m := range c.names.Heard() {
			addresses[m.Address] = true
		}
		wanted := podsOfEach * len(c.seeded)
		if len(addresses) >= wanted {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d addresses were registered: %w", len(addresses), wanted, err)
		}
	}
}

// seedNames gives each seeded instance a binding and what has names.
func (c *crowd) seedNames(ctx context.Context) error {
	if err := c.seedBindings(ctx, len(c.seeded)); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(seeders)
	for n, i := range c.seeded {
		group.Go(func() error { return c.seedService(ctx, n, i) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("seeding Services: %w", err)
	}
	return nil
}

// seedService makes a Service and its pods, which a simulated node runs.
func (c *crowd) seedService(ctx context.Context, n int, i record.Instance) error {
	name, labels := i.Release+"-bench", map[string]string{"app": i.Release}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
		ClusterIP: corev1.ClusterIPNone, Selector: labels, Ports: []corev1.ServicePort{{Port: 8080, TargetPort: intstr.FromInt32(8080)}}}}
	if _, err := c.kube.CoreV1().Services(i.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	// No pod can be made before its namespace has an account.
	for {
		_, err := c.kube.CoreV1().ServiceAccounts(i.Namespace).Get(ctx, "default", metav1.GetOptions{})
		if err == nil {
			break
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	for number := range podsOfEach {
		pod := seededPod(name, fmt.Sprintf("%s-%d", name, number), labels)
		pod.Spec.NodeName = fmt.Sprintf("worker-%d", (n+number)%nodes) // no scheduler: it would only be waited for
		if _, err := c.kube.CoreV1().Pods(i.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// seededPod is as the namespaces' Pod Security Standard wants it.
func seededPod(service, host string, labels map[string]string) *corev1.Pod {
	no, yes := false, true
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: host, Labels: labels}, Spec: corev1.PodSpec{
		Hostname: host, Subdomain: service, AutomountServiceAccountToken: &no,
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/bench:1", SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}}},
	}}
}
