package check

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// agents looks whether there are nodes that say when they have polled policies.
func (c Cluster) agents(ctx context.Context) []Finding {
	leases, err := c.Clients.CoordinationV1().Leases(podgroup.AgentsNamespace).List(ctx, metav1.ListOptions{})
	switch {
	case err != nil:
		return one(failed("what they say can't be read, and BIND_WAITS_FOR_NODES waits for it: %v", err).cure("kubectl apply -k deploy/kubernetes/nodes"))
	case len(leases.Items) == 0:
		return one(warning("no node has one, and BIND_WAITS_FOR_NODES waits for none").cure("install deploy/silk-worker on the workers, or leave BIND_WAITS_FOR_NODES out"))
	}
	return one(ok("%s one", count(len(leases.Items), "node has", "nodes have")))
}

const (
	// lately is when one that lasts was told of last: it is every ten minutes (cni/agent).
	lately = 15 * time.Minute
	// mostTold are listed one by one.
	mostTold = 5
)

// guards looks for what the agents have told of their nodes lately.
func (c Cluster) guards(ctx context.Context) []Finding {
	const these = "involvedObject.kind=Node,type=Warning"
	events, err := c.Clients.CoreV1().Events(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{FieldSelector: these})
	if err != nil {
		return one(notSeen(err, "kubectl get events --field-selector "+these+",source="+podgroup.Agent))
	}
	return judgeGuards(events.Items, time.Now())
}

func judgeGuards(events []corev1.Event, now time.Time) []Finding {
	events = slices.DeleteFunc(slices.Clone(events), func(e corev1.Event) bool {
		return e.Source.Component != podgroup.Agent || now.Sub(e.LastTimestamp.Time) > lately
	})
	if len(events) == 0 {
		return one(ok("none has told of a problem with its node in the last %s", lately))
	}
	slices.SortFunc(events, func(a, b corev1.Event) int {
		return cmp.Or(cmp.Compare(a.InvolvedObject.Name, b.InvolvedObject.Name), cmp.Compare(a.Message, b.Message))
	})
	var told []Finding
	for _, e := range events[:min(mostTold, len(events))] {
		told = append(told, warning("node %s, %s: %s", e.InvolvedObject.Name, e.Reason, e.Message).
			cure("mend the node as docs/silk-worker.md says; until then it may start no pods"))
	}
	if more := len(events) - len(told); more > 0 {
		told = append(told, warning("and %s", count(more, "problem more", "problems more")).cure("kubectl get events --field-selector source=%s", podgroup.Agent))
	}
	return told
}
