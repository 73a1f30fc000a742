package networkpolicy

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Found is a NetworkPolicy that a broker has made.
type Found struct {
	Namespace, Name string
	Created         time.Time
	// Key is the key of its policy, by which alone it is known.
	Key string
	// Policy is what it says to be there for; Told is false where that can't be read,
	// or is another's than the key.
	Policy policy.Policy
	Told   bool
}

// Of are those on a cluster that the broker has made, whatever they are there for.
func Of(ctx context.Context, clients kubernetes.Interface, broker string) ([]Found, error) {
	e := &Enforcer{settings: Settings{Broker: broker}}
	selector, err := e.selector(nil)
	if err != nil {
		return nil, err
	}
	all, err := listOne(ctx, clients, selector)
	if err != nil {
		return nil, refused(err, "listing NetworkPolicies in all namespaces", "")
	}
	found := make([]Found, 0, len(all))
	for _, where := range slices.Sorted(maps.Keys(all)) {
		object := all[where]
		one := Found{Namespace: object.Namespace, Name: object.Name, Created: object.CreationTimestamp.Time, Key: object.Labels[PolicyLabel]}
		one.Told = json.Unmarshal([]byte(object.Annotations[PolicyAnnotation]), &one.Policy) == nil && KeyOf(broker, one.Policy) == one.Key
		found = append(found, one)
	}
	return found, nil
}
