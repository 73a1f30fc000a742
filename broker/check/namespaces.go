package check

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// nobody is the id of no instance and of no app.
const nobody = "00000000-0000-0000-0000-000000000000"

// namespaces tries, as a dry run, to make one as for an instance, and looks for those that
// an instance's could be taken for.
func (c Cluster) namespaces(ctx context.Context) []Finding {
	target := tenant.TargetOf(c.Prefix, nobody)
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: target.Namespace, Annotations: map[string]string{tenant.InstanceAnnotation: nobody}}}
	if _, err := c.Clients.CoreV1().Namespaces().Create(ctx, made, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		return one(failed("none could be made for an instance: %v", err).
			cure("if a right is missing, apply deploy/kubernetes/rbac.yaml; if an admission webhook or policy refuses, let it pass namespaces that begin with %s-", c.Prefix))
	}
	all, err := c.Clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return one(unknown("they can't be listed: %v", err))
	}
	return judgeNamespaces(c.Prefix, c.Namespace, all.Items)
}

// judgeNamespaces tells of those that begin as instances' do and are none's: the broker
// may write there, by confine.yaml. Another broker's records may be among them.
func judgeNamespaces(prefix, own string, all []corev1.Namespace) []Finding {
	instances, strangers := 0, []string(nil)
	for _, n := range all {
		switch {
		case !strings.HasPrefix(n.Name, prefix+"-"), n.Name == own:
		case n.Annotations[TrialAnnotation] != "": // Network removes what is left of those
		case n.Annotations[tenant.InstanceAnnotation] != "":
			instances++
		default:
			strangers = append(strangers, n.Name)
		}
	}
	if len(strangers) > 0 {
		return one(warning("%s: begins with NAMESPACE_PREFIX (%s) and is no instance's, and the broker may write there", strings.Join(strangers, ", "), prefix).
			cure("give the broker a prefix of its own, here and in confine.yaml; another broker's namespace must not begin with it"))
	}
	return one(ok("one can be made; %s", count(instances, "instance has one", "instances have one")))
}

func count(n int, singular, plural string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %s", n, plural)
}
