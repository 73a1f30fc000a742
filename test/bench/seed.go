package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const seeders = 30 // at once

// model is an instance that the broker has made, to be copied.
type model struct {
	record    record.Instance
	own       record.Binding // its own access
	namespace *corev1.Namespace
	release   *release.Release
	secret    *corev1.Secret
	configMap *corev1.ConfigMap
}

// seed fills the crowd up to 2,000 instances: copies of one that the broker
// makes, which also has it keep the chart.
func (c *crowd) seed(ctx context.Context) error {
	begin := time.Now()
	i := c.newInstance()
	if _, err := c.create(ctx, i, tightPoll); err != nil {
		return err
	}
	m, err := c.modelOf(ctx, i.ID)
	if err != nil {
		return fmt.Errorf("reading the instance that is copied: %w", err)
	}
	have, err := c.store.LiveInstances(ctx)
	if err != nil {
		return err
	}
	all := make(chan record.Instance, instances)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(seeders)
	for range instances - len(have) {
		group.Go(func() error {
			made, err := c.copyOf(ctx, m)
			all <- made
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	close(all)
	for made := range all {
		c.seeded = append(c.seeded, made)
	}
	c.out.line("seeded %d instances in %.0f s", instances, time.Since(begin).Seconds())
	return nil
}

func (c *crowd) modelOf(ctx context.Context, id string) (m model, err error) {
	if m.record, err = c.store.LiveInstance(ctx, id); err != nil {
		return m, err
	}
	if m.own, err = c.store.LiveBinding(ctx, id, record.OwnAccess); err != nil {
		return m, err
	}
	if m.namespace, err = c.kube.CoreV1().Namespaces().Get(ctx, m.record.Namespace, metav1.GetOptions{}); err != nil {
		return m, err
	}
	if m.release, err = c.releases(m.record.Namespace).Get(releaseKey(m.record.Release)); err != nil {
		return m, err
	}
	name := m.record.Release + "-bench"
	if m.secret, err = c.kube.CoreV1().Secrets(m.record.Namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
		return m, err
	}
	m.configMap, err = c.kube.CoreV1().ConfigMaps(m.record.Namespace).Get(ctx, name, metav1.GetOptions{})
	return m, err
}

func (c *crowd) releases(namespace string) *driver.Secrets {
	return driver.NewSecrets(c.kube.CoreV1().Secrets(namespace))
}

// releaseKey is the name of the Secret of a release's first revision.
func releaseKey(release string) string { return "sh.helm.release.v1." + release + ".v1" }

// copyOf makes an instance like the model.
func (c *crowd) copyOf(ctx context.Context, m model) (record.Instance, error) {
	id := uuid.NewString()
	target := tenant.TargetOf(c.prefix, id)
	if err := c.copyNamespace(ctx, m, id, target); err != nil {
		return record.Instance{}, err
	}
	if err := c.copyOwnAccess(ctx, m, id); err != nil {
		return record.Instance{}, err
	}
	operation := record.NewOperation(record.Create, m.record.Operation.Origin)
	operation.State, operation.Attempt, operation.Begun = record.Succeeded, 1, operation.Started
	return c.store.CreateInstance(ctx, record.Instance{
		ID: id, ServiceID: m.record.ServiceID, PlanID: m.record.PlanID,
		OrganizationGUID: m.record.OrganizationGUID, SpaceGUID: m.record.SpaceGUID,
		Context: m.record.Context, Parameters: m.record.Parameters, Chart: m.record.Chart,
		Namespace: target.Namespace, Release: target.Release,
		Destination: m.record.Destination, PolicyGroup: id, Operation: operation,
	})
}

// copyOwnAccess opens what the instance's pods open for themselves, which the broker
// would otherwise be busy to do when it starts.
func (c *crowd) copyOwnAccess(ctx context.Context, m model, id string) error {
	own := record.Binding{ID: m.own.ID, InstanceID: id, ServiceID: m.own.ServiceID, PlanID: m.own.PlanID, Origin: m.own.Origin, Started: m.own.Started, State: m.own.State}
	for _, p := range m.own.Policies {
		copied := policy.Range(id, id, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End)
		if err := c.cf.AddPolicies(cf.NewPolicy(id, id, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End)); err != nil {
			return fmt.Errorf("opening a policy: %w", err)
		}
		own.Policies = append(own.Policies, copied)
	}
	_, err := c.store.CreateBinding(ctx, own)
	return err
}

func (c *crowd) copyNamespace(ctx context.Context, m model, id string, target tenant.Target) error {
	renamed := func(text string) string {
		return strings.NewReplacer(m.record.Namespace, target.Namespace, m.record.ID, id, m.record.Release, target.Release).Replace(text)
	}
	rename := func(from map[string]string) map[string]string {
		to := map[string]string{}
		for key, value := range from {
			to[key] = renamed(value)
		}
		return to
	}
	like := func(o metav1.ObjectMeta) metav1.ObjectMeta {
		labels := rename(o.Labels)
		delete(labels, corev1.LabelMetadataName) // the API server's own
		return metav1.ObjectMeta{Name: renamed(o.Name), Labels: labels, Annotations: rename(o.Annotations)}
	}
	core := c.kube.CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: like(m.namespace.ObjectMeta)}, metav1.CreateOptions{}); err != nil {
		return err
	}
	secret := &corev1.Secret{ObjectMeta: like(m.secret.ObjectMeta), Type: m.secret.Type, Data: m.secret.Data}
	if _, err := core.Secrets(target.Namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		return err
	}
	configMap := &corev1.ConfigMap{ObjectMeta: like(m.configMap.ObjectMeta), Data: m.configMap.Data}
	if _, err := core.ConfigMaps(target.Namespace).Create(ctx, configMap, metav1.CreateOptions{}); err != nil {
		return err
	}
	r := *m.release
	r.Name, r.Namespace, r.Manifest = target.Release, target.Namespace, renamed(m.release.Manifest)
	return c.releases(target.Namespace).Create(releaseKey(r.Name), &r)
}
