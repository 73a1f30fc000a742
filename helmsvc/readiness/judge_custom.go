package readiness

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// noStatus is why an object isn't ready of which nobody has said anything.
const noStatus = "it has no status yet: is its operator running?"

// judgement is what one look at one object yields.
type judgement struct {
	Status status.Status
	// message is why it isn't ready, or has failed.
	Message string
	// told: it isn't only that nothing speaks against it; its conditions say so,
	// or the plan.
	Told bool
}

func pending(message string) judgement {
	return judgement{Status: status.InProgressStatus, Message: message}
}

// judgeCustom judges a custom resource by its conditions. hasStatus: objects of
// its kind have a status, so that one without isn't ready. kstatus knows when
// what its operator has seen is out of date, and when it has given up (Stalled).
func judgeCustom(u *unstructured.Unstructured, hasStatus bool) judgement {
	result, err := status.Compute(u)
	if err != nil {
		// Its conditions aren't what Kubernetes' API conventions say.
		result = &status.Result{Status: status.CurrentStatus}
	}
	if result.Status == status.FailedStatus || result.Status == status.TerminatingStatus {
		return judgement{Status: result.Status, Message: result.Message}
	}
	if hasStatus && !showsStatus(u) {
		return pending(noStatus)
	}
	why, told := unmet(u)
	switch {
	case why != "":
		return pending(why)
	case result.Status != status.CurrentStatus:
		return pending(result.Message)
	}
	return judgement{Status: status.CurrentStatus, Told: told}
}

func showsStatus(u *unstructured.Unstructured) bool {
	switch shown := u.Object["status"].(type) {
	case nil:
		return false
	case map[string]any:
		return len(shown) > 0
	}
	return true
}

// condition is one of an object's, read as it comes: operators have their own
// ideas of what one looks like.
type condition struct {
	kind, status, reason, message string
	// stale: it is about an earlier generation of the object.
	stale bool
}

func (c condition) is(status string) bool { return strings.EqualFold(c.status, status) }

func (c condition) String() string {
	text := fmt.Sprintf("%s is %s", c.kind, cmp.Or(c.status, "unknown"))
	if c.stale {
		return text + " for what it was before"
	}
	if said := cmp.Or(c.message, c.reason); said != "" {
		text += ": " + said
	}
	return text
}

// conditionsOf returns an object's conditions in their order.
func conditionsOf(u *unstructured.Unstructured) []condition {
	state, _ := u.Object["status"].(map[string]any)
	list, _ := state["conditions"].([]any)
	var all []condition
	for _, item := range list {
		c, _ := item.(map[string]any)
		text := func(key string) string { s, _ := c[key].(string); return s }
		seen, found := c["observedGeneration"].(int64)
		all = append(all, condition{
			kind: text("type"), status: text("status"), reason: text("reason"), message: text("message"),
			stale: found && seen < u.GetGeneration(),
		})
	}
	return all
}

// unmet returns the first of an object's conditions by which it isn't ready.
// Ready is the sum of the others where there is one (Kubernetes' API
// conventions); else all count that end in a word for it, as RabbitMQ's
// AllReplicasReady and ClusterAvailable do. told: there is one that counts.
func unmet(u *unstructured.Unstructured) (why string, told bool) {
	all := conditionsOf(u)
	sum := false
	for _, c := range all {
		sum = sum || c.kind == "Ready"
	}
	for _, c := range all {
		switch {
		case c.kind == "NotReady": // Strimzi's, which has it instead of Ready
			if c.is("True") {
				return c.String(), true
			}
		case sum && c.kind != "Ready", !sum && !meansReady(c.kind):
		case !c.is("True") || c.stale:
			return c.String(), true
		default:
			told = true
		}
	}
	return "", told
}

func meansReady(kind string) bool {
	for _, word := range []string{"Ready", "Available", "Healthy"} {
		if before, found := strings.CutSuffix(kind, word); found {
			return !strings.HasSuffix(before, "Not") && !strings.HasSuffix(before, "Un")
		}
	}
	return false
}
