package check

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// TrialAnnotation is on the namespaces of a self-test, and has its id. They don't have that of
// instances. As a label it tells the pods in them apart.
const TrialAnnotation = "cf-helm-broker.io/self-test"

// port is what the listener listens on. The policy is for it.
const port = 8080

// trial is one self-test. All of it follows from its id.
type trial struct {
	id string
	// listens and dials are the namespaces, with a policy group each.
	listens, dials tenant.Namespace
	policy         policy.Policy
}

func (n Network) trial(id string) trial {
	dials := uuid.NewSHA1(uuid.MustParse(id), []byte("dials")).String()
	return trial{id, n.namespace(id, id), n.namespace(id, dials), policy.To(dials, id, "tcp", port)}
}

// namespace is as an instance's with that policy group.
func (n Network) namespace(id, group string) tenant.Namespace {
	return tenant.Namespace{
		Name:        tenant.TargetOf(n.Prefix, group).Namespace,
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker", podgroup.DestinationLabel: "instance"},
		Annotations: map[string]string{TrialAnnotation: id, podgroup.Annotation: group},
		Owner:       TrialAnnotation,
		Isolation:   &tenant.Isolation{},
	}
}

func (t trial) namespaces() []tenant.Namespace { return []tenant.Namespace{t.listens, t.dials} }

// places tell NetworkPolicies where the policy groups of a trial are.
type places struct {
	clients kubernetes.Interface
	trial   trial
}

// App knows none: the source is a pod of an instance.
func (places) App(string) (space string, found bool) { return "", false }

// Place is closed by default, as an instance's is.
func (p places) Place(_ context.Context, group string) (networkpolicy.Place, bool, error) {
	for _, at := range p.trial.namespaces() {
		if at.Annotations[podgroup.Annotation] == group {
			return networkpolicy.Place{Clients: p.clients, Namespace: at.Name, Closed: true}, true, nil
		}
	}
	return networkpolicy.Place{}, false, nil
}

// removePatience is how long what was made may take to go.
const removePatience = time.Minute

// remove removes all of a trial, whatever there is of it. It goes on when ctx has ended, as by
// an interrupt, and doesn't wait then for namespaces that go.
func (n Network) remove(ctx context.Context, t trial, told func(Finding)) {
	wait := ctx.Err() == nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removePatience)
	defer cancel()
	var wrong []error
	enforcers, err := n.enforcers(t)
	wrong = append(wrong, err)
	for _, e := range enforcers {
		wrong = append(wrong, e.Delete(ctx, []policy.Policy{t.policy}))
	}
	for _, at := range t.namespaces() {
		_, err := n.Namespaces.BeginDelete(ctx, at)
		wrong = append(wrong, err)
	}
	for _, at := range t.namespaces() {
		if wait {
			wrong = append(wrong, n.Namespaces.DeleteNamespace(ctx, at, func(string) {}))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		told(warning("what was made for the self-test isn't all removed: %v", err).
			cure("broker check --network removes it when it is older than %s; or kubectl delete namespace %s %s", leftAge, t.listens.Name, t.dials.Name))
	}
}

// RemoveLeft removes what self-tests have left that were killed, as it looks at that time.
func (n Network) RemoveLeft(ctx context.Context, now time.Time, told func(Finding)) {
	all, err := n.Clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		told(unknown("whether a self-test that was killed has left anything can't be seen: %v", err))
		return
	}
	for _, t := range n.left(all.Items, now) {
		told(ok("a self-test that was killed has left namespaces %s and %s, which are being removed", t.listens.Name, t.dials.Name))
		n.remove(ctx, t, told)
	}
}

// left are the trials of this broker that some of the namespaces are left of.
func (n Network) left(all []corev1.Namespace, now time.Time) (found []trial) {
	seen := map[string]bool{}
	for _, have := range all {
		id := have.Annotations[TrialAnnotation]
		if !policy.ValidID(id) || seen[id] || have.DeletionTimestamp != nil || now.Sub(have.CreationTimestamp.Time) < leftAge {
			continue
		}
		if t := n.trial(id); have.Name == t.listens.Name || have.Name == t.dials.Name {
			seen[id] = true
			found = append(found, t)
		}
	}
	return found
}
