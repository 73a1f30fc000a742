package networkpolicy

import (
	"context"
	"errors"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const (
	// page is how many objects come with one answer, each of 1 to 2 KiB.
	page = 1000
	// most is how many are read: those of 50,000 policies, on both sides.
	most = 100_000
	// few policies are asked for by their keys, more by all of the broker's objects.
	few = 50
)

// there are the broker's objects in all clusters of what is wanted: by cluster, and
// there by namespace and name.
type there map[string]map[string]*networkingv1.NetworkPolicy

// list is one look at each cluster. With an error the clusters that could be listed are
// there all the same.
func (e *Enforcer) list(ctx context.Context, w wanted, policies []policy.Policy) (there, error) {
	selector, err := e.selector(policies)
	if err != nil {
		return nil, err
	}
	all, failed := there{}, []error(nil)
	for cluster, clients := range w.clusters {
		found, err := listOne(ctx, clients, selector)
		if err != nil {
			failed = append(failed, refused(err, "listing NetworkPolicies in all namespaces", ""))
			continue
		}
		all[cluster] = found
	}
	return all, errors.Join(failed...)
}

func listOne(ctx context.Context, clients kubernetes.Interface, selector string) (map[string]*networkingv1.NetworkPolicy, error) {
	found := map[string]*networkingv1.NetworkPolicy{}
	for options := (metav1.ListOptions{LabelSelector: selector, Limit: page}); ; {
		list, err := clients.NetworkingV1().NetworkPolicies(metav1.NamespaceAll).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			found[list.Items[i].Namespace+"/"+list.Items[i].Name] = &list.Items[i]
		}
		if len(found) > most {
			return nil, fmt.Errorf("there are more than %d NetworkPolicies of the broker's; see which bindings open that many", most)
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return found, nil
		}
	}
}

func (e *Enforcer) selector(policies []policy.Policy) (string, error) {
	selector := labels.SelectorFromSet(e.ours())
	keys := make([]string, len(policies))
	for i, p := range policies {
		keys[i] = e.keyOf(p)
	}
	by := selection.In
	if len(keys) == 0 || len(keys) > few {
		by, keys = selection.Exists, nil
	}
	requirement, err := labels.NewRequirement(PolicyLabel, by, keys)
	if err != nil {
		return "", fmt.Errorf("selecting the broker's NetworkPolicies: %w", err)
	}
	return selector.Add(*requirement).String(), nil
}
