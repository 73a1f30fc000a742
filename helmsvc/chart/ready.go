package chart

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"
)

// readyEntry is one of a plan's ready, as plans.yaml writes it.
type readyEntry struct {
	Kind   string `json:"kind"`
	For    string `json:"for"`
	Failed string `json:"failed"`
}

// Readiness says when the objects of a kind are ready, where their conditions
// don't.
type Readiness struct {
	// Kind is as "MongoDBCommunity" or with its group, as
	// "MongoDBCommunity.mongodbcommunity.mongodb.com".
	Kind string
	// For is what has to come true.
	For Expectation
	// Failed is what, once it is true, means that For won't come true; nil: nothing does.
	Failed *Expectation
}

// Is tells whether it is about a kind.
func (r Readiness) Is(kind schema.GroupKind) bool {
	return r.Kind == kind.Kind || r.Kind == kind.String()
}

// Expectation is what is expected of an object, in one of the ways of `kubectl
// wait --for`. The zero value is that it exists.
type Expectation struct {
	// Condition is the name of a condition, and Value its status.
	Condition string
	// Path is a JSONPath in the object's status, and Value what has to stand
	// there; empty: anything.
	Path  string
	Value string
}

var (
	// statusPath is one expression in the status: nothing else of an object is
	// ever quoted in an error. The shell's quotes may have come along.
	statusPath  = regexp.MustCompile(`^jsonpath='?(\{\.status[^{}]*\})'?(?:=(.*))?$`)
	conditionIs = regexp.MustCompile(`^condition=([A-Za-z0-9./_-]+)(?:=([A-Za-z]+))?$`)
)

var errExpectation = errors.New(`it must be as for "kubectl wait --for": condition=Available, condition=Degraded=False, jsonpath={.status.phase}=Running, jsonpath={.status.address} or create`)

func parseReady(entries []readyEntry) ([]Readiness, error) {
	var all []Readiness
	for n, e := range entries {
		if !clusterKind.MatchString(e.Kind) {
			return nil, fmt.Errorf("entry %d: kind %q must be a kind, such as Kafka or Kafka.kafka.strimzi.io", n+1, e.Kind)
		}
		r := Readiness{Kind: e.Kind}
		var err error
		if r.For, err = parseExpectation(e.For); err != nil {
			return nil, fmt.Errorf("entry %d, %s: for: %q: %w", n+1, e.Kind, e.For, err)
		}
		if e.Failed != "" {
			failed, err := parseExpectation(e.Failed)
			if err == nil && failed == (Expectation{}) {
				err = errExpectation
			}
			if err != nil {
				return nil, fmt.Errorf("entry %d, %s: failed: %q: %w", n+1, e.Kind, e.Failed, err)
			}
			r.Failed = &failed
		}
		all = append(all, r)
	}
	return all, nil
}

func parseExpectation(text string) (Expectation, error) {
	text = strings.TrimSpace(text)
	if text == "create" {
		return Expectation{}, nil
	}
	if found := conditionIs.FindStringSubmatch(text); found != nil {
		return Expectation{Condition: found[1], Value: cmp.Or(found[2], "True")}, nil
	}
	found := statusPath.FindStringSubmatch(text)
	if found == nil || strings.Contains(found[1], "..") {
		return Expectation{}, errExpectation
	}
	if err := jsonpath.New("").Parse(found[1]); err != nil {
		return Expectation{}, fmt.Errorf("%w: %w", errExpectation, err)
	}
	return Expectation{Path: found[1], Value: strings.TrimSpace(found[2])}, nil
}
