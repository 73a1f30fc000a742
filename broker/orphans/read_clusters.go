package orphans

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
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
			w.Clusters[id] = s.cluster(ctx, at, w.settled(id), note)
		}
	}
}

// settled are the namespaces of the instances on a cluster that nothing runs on.
func (w World) settled(cluster string) map[string]bool {
	all := map[string]bool{}
	for _, i := range w.Instances {
		if i.Cluster == cluster && !i.Operation.Running() {
			all[i.Namespace] = true
		}
	}
	return all
}

func (s Source) cluster(ctx context.Context, at locate.Reached, settled map[string]bool, note func(string, error)) *Cluster {
	all, present, err := s.namespaces(ctx, at.Clients())
	c := &Cluster{Server: at.Server, Namespaces: all, Present: present}
	if err != nil {
		note(c.named("namespaces"), err)
		return nil
	}
	if s.NetworkPolicies {
		c.NetworkPolicies, err = networkpolicy.Of(ctx, at.Clients(), s.Namespace)
		note(c.named("NetworkPolicies"), err)
	}
	s.objects(ctx, c, at, note)
	s.releases(ctx, c, at, settled, note)
	return c
}

// objects reads what this broker's instances have made outside their namespaces.
func (s Source) objects(ctx context.Context, c *Cluster, at locate.Reached, note func(string, error)) {
	all, unlisted, err := at.MarkedOutside(ctx, at.ClusterObjects)
	note(c.named("cluster-scoped objects"), err)
	for _, kind := range unlisted {
		note(c.named("objects outside the instances' namespaces"), fmt.Errorf("the broker may not list %s, or nothing serves it", kind))
	}
	c.Objects = slices.DeleteFunc(all, func(m release.Marked) bool { return !tenant.IsTarget(s.Prefix, m.ReleaseNamespace, m.Release) })
}

// readAtOnce is of how many namespaces Helm's records are read at a time.
const readAtOnce = 10

// releases reads Helm's records in the namespaces of the settled instances.
func (s Source) releases(ctx context.Context, c *Cluster, at locate.Reached, settled map[string]bool, note func(string, error)) {
	c.Releases = map[string]map[string]time.Time{}
	var each errgroup.Group
	var mu sync.Mutex
	each.SetLimit(readAtOnce)
	for _, n := range c.Namespaces {
		if !settled[n.Name] {
			continue
		}
		each.Go(func() error {
			found, err := at.Recorded(ctx, n.Name)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				c.Releases[n.Name] = found
			}
			if !goes(ctx, at.Clients(), n.Name, err) {
				note(c.named("releases"), err)
			}
			return nil
		})
	}
	_ = each.Wait() // all are noted
}

// goes tells whether an error comes of a delete that has begun meanwhile: with the namespace
// the right to read there goes.
func goes(ctx context.Context, clients kubernetes.Interface, namespace string, err error) bool {
	if !apierrors.IsForbidden(err) {
		return false
	}
	n, err := clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	return apierrors.IsNotFound(err) || err == nil && n.DeletionTimestamp != nil
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
