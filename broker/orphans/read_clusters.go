package orphans

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// clusters reads those of the plans and of the instances. Of one that doesn't answer nothing
// more is asked.
func (s Source) clusters(ctx context.Context, w *World, note func(string, error)) {
	all, failed := s.Clusters.All(ctx, w.Instances)
	for _, err := range failed {
		note("clusters", err)
	}
	w.Clusters = map[string]*Cluster{}
	for id, at := range all {
		w.Clusters[id] = nil
		if at.Cluster != nil {
			w.Clusters[id] = s.cluster(ctx, at, note)
		}
	}
}

func (s Source) cluster(ctx context.Context, at locate.Reached, note func(string, error)) *Cluster {
	c, err := &Cluster{Server: at.Server}, error(nil)
	c.Namespaces, c.Present, err = s.namespaces(ctx, at.Clients())
	if err != nil {
		note(c.named("namespaces"), err)
		return nil
	}
	if s.NetworkPolicies {
		c.NetworkPolicies, err = networkpolicy.Of(ctx, at.Clients(), s.Namespace)
		note(c.named("NetworkPolicies"), err)
	}
	return c
}

func (s Source) namespaces(ctx context.Context, clients kubernetes.Interface) (all []Namespace, present map[string]bool, err error) {
	list, err := clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, err
	}
	present = map[string]bool{}
	for _, n := range list.Items {
		present[n.Name] = true
		if id := n.Annotations[tenant.InstanceAnnotation]; id != "" && s.named(n.Name, id) && n.DeletionTimestamp == nil {
			all = append(all, Namespace{Name: n.Name, Instance: id, Created: n.CreationTimestamp.Time})
		}
	}
	return all, present, nil
}

// named tells whether this broker calls an instance's namespace so: another's prefix may
// begin with this one's.
func (s Source) named(namespace, instance string) bool {
	return namespace == tenant.TargetOf(s.Prefix, instance).Namespace || namespace == tenant.LongNamespace(s.Prefix, instance)
}

// doubtful are the service instances of which Cloud Foundry is asked whether any broker has
// them.
func (w World) doubtful() (ids []string) {
	for _, p := range w.Placeholders {
		if p.Instance != "" {
			ids = append(ids, p.Instance)
		}
	}
	recorded := map[string]bool{}
	for _, i := range w.Instances {
		recorded[i.ID] = true
	}
	for _, c := range w.Clusters {
		if c == nil || c.Server == "" {
			continue
		}
		for _, n := range c.Namespaces {
			if !recorded[n.Instance] {
				ids = append(ids, n.Instance)
			}
		}
	}
	return ids
}
