package networkpolicy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// What the broker's objects are known by.
const (
	managedBy = "app.kubernetes.io/managed-by"
	manager   = "cf-helm-broker"
	// brokerLabel is whose of several brokers an object is.
	brokerLabel = "cf-helm-broker.io/broker"
	// PolicyLabel is on every object, and has the policy's key.
	PolicyLabel = "cf-helm-broker.io/policy"
	// PolicyAnnotation is the policy as JSON, as CF's policy API has it: for people,
	// and for an object whose labels somebody has taken off.
	PolicyAnnotation = "cf-helm-broker.io/policy"
)

// side of a policy on which an object is.
type side string

const (
	egress  side = "out" // where the source is
	ingress side = "in"  // where the destination is
)

// KeyOf is the policy's key, in 40 hexadecimal digits. Brokers that share a cluster,
// and services on it, have different ones.
func KeyOf(broker string, p policy.Policy) string {
	sum := sha256.Sum256([]byte(broker + "\n" + asJSON(p)))
	return hex.EncodeToString(sum[:20])
}

func (e *Enforcer) keyOf(p policy.Policy) string { return KeyOf(e.settings.Broker, p) }

// nameOf is an object's name. own-objects.yaml keeps names of this form for the broker.
func nameOf(key string, s side) string { return manager + "-" + string(s) + "-" + key }

func asJSON(p policy.Policy) string {
	text, _ := json.Marshal(p) // texts and numbers
	return string(text)
}

// marksOf are what an object of the policy carries.
func (e *Enforcer) marksOf(p policy.Policy, key string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Labels:      map[string]string{managedBy: manager, brokerLabel: e.settings.Broker, PolicyLabel: key},
		Annotations: map[string]string{PolicyAnnotation: asJSON(p)},
	}
}

// ours selects all objects of this broker.
func (e *Enforcer) ours() labels.Set {
	return labels.Set{managedBy: manager, brokerLabel: e.settings.Broker}
}

// made tells whether an object of this name was made for the policy. One that has
// lost its labels still says so.
func made(have *networkingv1.NetworkPolicy, want object) bool {
	return have.Labels[PolicyLabel] == want.key && have.Labels[managedBy] == manager ||
		have.Annotations[PolicyAnnotation] == want.meta.Annotations[PolicyAnnotation]
}

// marked tells whether an object is found by its labels.
func marked(have *networkingv1.NetworkPolicy, want object) bool {
	for key, value := range want.meta.Labels {
		if have.Labels[key] != value {
			return false
		}
	}
	return true
}
