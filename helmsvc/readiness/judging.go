package readiness

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// judging judges one object by the rules for its kind.
type judging func(*unstructured.Unstructured) (judgement, error)

// judgingOf chooses the rules for an object's kind: the plan's before all others.
func (r Reader) judgingOf(ctx context.Context, info *resource.Info) (judging, error) {
	if rule := ruleFor(r.rules, info.Mapping.GroupVersionKind.GroupKind()); rule != nil {
		return func(u *unstructured.Unstructured) (judgement, error) { return judgeByPlan(u, rule), nil }, nil
	}
	if !manifest.IsCustom(info.Mapping.GroupVersionKind) {
		return judgeBuiltIn, nil
	}
	hasStatus, doubt, err := r.kinds.haveStatus(ctx, info.Mapping)
	if err != nil {
		return nil, err
	}
	return func(u *unstructured.Unstructured) (judgement, error) {
		j := judgeCustom(u, hasStatus)
		if j.Message == noStatus && doubt != "" {
			j.Message += " (" + doubt + ")"
		}
		return j, nil
	}, nil
}

func judgeBuiltIn(u *unstructured.Unstructured) (judgement, error) {
	result, err := judgeObject(u)
	if err != nil {
		return judgement{}, err
	}
	return judgement{Status: result.Status, Message: result.Message, Told: true}, nil
}
