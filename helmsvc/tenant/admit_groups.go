package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// PolicyGroupsAnnotation lists on a namespace, with commas between, the policy
// groups that its pods may name beside the namespace's own: those of the
// instance's workloads. deploy/kubernetes/policy-group.yaml goes by it.
const PolicyGroupsAnnotation = "cf-helm-broker.io/policy-group-ids"

// mostGroups is how many groups fit into the 256 KiB that all annotations of
// an object may have together, 37 bytes each, with room for others'.
const mostGroups = 6000

// AdmitGroups has the namespace admit pods in these groups, in order, and in no
// others, before any of them is made.
func (n *Namespaces) AdmitGroups(ctx context.Context, namespace string, groups []string) error {
	if len(groups) > mostGroups {
		return fmt.Errorf("the chart has %d workloads, counting those of the revision that it replaces; where policies point to workloads there can be %d", len(groups), mostGroups)
	}
	text := strings.Join(groups, ",")
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the policy groups of namespace %s: %w", namespace, err)
	}
	if now, found := have.Annotations[PolicyGroupsAnnotation]; found && now == text {
		return nil
	}
	if err := n.patchMetadata(ctx, namespace, "annotations", map[string]string{PolicyGroupsAnnotation: text}); err != nil {
		return fmt.Errorf("annotating namespace %s with the policy groups of its workloads: %w", namespace, err)
	}
	if len(groups) == 0 {
		return nil
	}
	return n.awaitAdmitted(ctx, namespace, groups)
}

const (
	// admittedPatience is how long the API server may take to see what a
	// namespace admits. Whoever makes pods tries again in any case.
	admittedPatience = 5 * time.Second
	admittedRetry    = 10 * time.Millisecond
	// groupRefused is what policy-group.yaml calls itself in its refusals.
	groupRefused = "'cf-helm-broker-policy-group'"
)

// awaitAdmitted returns when the API server admits pods in the groups, as far as
// it is for groups: what it knows of a namespace is older by a moment, which
// can't be watched. A Job tries again after a second only, and Helm, which makes
// pods that no controller owns, never.
func (n *Namespaces) awaitAdmitted(ctx context.Context, namespace string, groups []string) error {
	ask := func(clients kubernetes.Interface) error {
		return wait.PollUntilContextTimeout(ctx, admittedRetry, admittedPatience, true, func(ctx context.Context) (bool, error) {
			_, first := clients.CoreV1().Pods(namespace).Create(ctx, probe(groups[0]), dryRun())
			_, last := clients.CoreV1().Pods(namespace).Create(ctx, probe(groups[len(groups)-1]), dryRun())
			return !refusesGroup(first) && !refusesGroup(last), nil
		})
	}
	err := fair.Aside(ctx, func(ctx context.Context) error { return n.InNamespace(ctx, namespace, ask) })
	if ctx.Err() == nil && wait.Interrupted(err) {
		return nil // what comes next tells what is refused
	}
	return err
}

func refusesGroup(err error) bool { return err != nil && strings.Contains(err.Error(), groupRefused) }

func dryRun() metav1.CreateOptions { return metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}} }

// probe is a pod that every Pod Security Standard allows, in a group.
func probe(group string) *corev1.Pod {
	yes, no := true, false
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "cf-helm-broker-probe-", Annotations: map[string]string{podgroup.Annotation: group}},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "none", Image: "none", SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}
