package readiness

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// ruleFor returns what the plan says of a kind, nil if it says nothing.
func ruleFor(rules []chart.Readiness, kind schema.GroupKind) *chart.Readiness {
	for i := range rules {
		if rules[i].Is(kind) {
			return &rules[i]
		}
	}
	return nil
}

// judgeByPlan judges an object as its plan says. What an operator has said of
// an earlier generation of the object counts as little as elsewhere.
func judgeByPlan(u *unstructured.Unstructured, rule *chart.Readiness) judgement {
	if rule.For == (chart.Expectation{}) {
		return judgement{Status: status.CurrentStatus, Told: true}
	}
	if !showsStatus(u) {
		return pending(noStatus)
	}
	state, _ := u.Object["status"].(map[string]any)
	if seen, found := state["observedGeneration"].(int64); found && seen < u.GetGeneration() {
		return pending("its operator hasn't seen the latest change of it yet")
	}
	if rule.Failed != nil {
		if met, found := meets(u, *rule.Failed); met {
			return judgement{Status: status.FailedStatus, Message: withWords(u, found)}
		}
	}
	met, found := meets(u, rule.For)
	if met {
		return judgement{Status: status.CurrentStatus, Told: true}
	}
	return pending(withWords(u, found))
}

// meets tells whether an object meets an expectation, and what was found.
func meets(u *unstructured.Unstructured, e chart.Expectation) (met bool, found string) {
	if e.Condition != "" {
		return meetsCondition(u, e)
	}
	// As kubectl wait evaluates it. The parser has a state of its own.
	path := jsonpath.New("").AllowMissingKeys(true)
	if err := path.Parse(e.Path); err != nil {
		return false, e.Path + " can't be read: " + err.Error() // the plan was loaded, so it can be
	}
	results, err := path.FindResults(u.Object)
	switch {
	case err != nil:
		return false, e.Path + " can't be read: " + err.Error()
	case len(results) == 0 || len(results[0]) == 0:
		return false, e.Path + " isn't set"
	case len(results) > 1 || len(results[0]) > 1:
		return false, e.Path + " is more than one value"
	case e.Value == "":
		return true, e.Path + " is set"
	}
	value := fmt.Sprint(results[0][0].Interface())
	return strings.TrimSpace(value) == e.Value, e.Path + " is " + value
}

func meetsCondition(u *unstructured.Unstructured, e chart.Expectation) (met bool, found string) {
	for _, c := range conditionsOf(u) {
		if strings.EqualFold(c.kind, e.Condition) {
			return c.is(e.Value) && !c.stale, c.String()
		}
	}
	return false, "it has no condition " + e.Condition + " yet"
}

// withWords adds what operators without conditions say in their objects' status.
func withWords(u *unstructured.Unstructured, found string) string {
	said, _, _ := unstructured.NestedString(u.Object, "status", "message")
	reason, _, _ := unstructured.NestedString(u.Object, "status", "reason")
	if words := cmp.Or(said, reason); words != "" && !strings.Contains(found, words) {
		found += ": " + words
	}
	return found
}
