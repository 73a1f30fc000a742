package networkpolicy

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	networkingv1client "k8s.io/client-go/kubernetes/typed/networking/v1"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// object is a NetworkPolicy that has to be there for a policy.
type object struct {
	policy    policy.Policy
	key       string
	cluster   string
	clients   kubernetes.Interface
	namespace string
	meta      metav1.ObjectMeta
	spec      networkingv1.NetworkPolicySpec
}

// where is its place among those of its cluster.
func (o object) where() string { return o.namespace + "/" + o.meta.Name }

func (o object) api() networkingv1client.NetworkPolicyInterface {
	return o.clients.NetworkingV1().NetworkPolicies(o.namespace)
}

func (o object) text() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: *o.meta.DeepCopy(), Spec: o.spec}
}

// trueOf tells whether what is there lets pass what it should, no more and no less.
func (o object) trueOf(have *networkingv1.NetworkPolicy) bool {
	return have.DeletionTimestamp == nil && marked(have, o) && equality.Semantic.DeepEqual(have.Spec, o.spec)
}
