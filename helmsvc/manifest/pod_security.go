package manifest

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// InsecureError says that nothing was made of a chart, since Kubernetes would
// refuse pods of it, which don't keep to the Pod Security Standard of their
// namespace.
type InsecureError struct {
	// Standard is the namespace's: baseline or restricted.
	Standard string
	// Namespace is an operator's, which has no plan; empty for a service instance.
	Namespace string
	Pods      []InsecurePods
}

// InsecurePods are an object's pods that don't keep to a Pod Security Standard.
type InsecurePods struct {
	Kind, Name string
	// File is the chart's, "templates/db.yaml".
	File string
	// Why are Kubernetes' words, which name containers and fields.
	Why []string
	// Enough is the strictest standard that they keep to.
	Enough string
	// Template is what they are made of.
	Template corev1.PodTemplateSpec
}

func (p InsecurePods) String() string {
	return fmt.Sprintf("%s %s (%s): %s", p.Kind, p.Name, p.File, strings.Join(p.Why, ", "))
}

func (e *InsecureError) Error() string {
	text := fmt.Sprintf("the chart's pods don't keep to the Pod Security Standard %s, so Kubernetes would refuse them: %s; change the chart, or ", e.Standard, Listed(e.AllObjects()))
	if e.Namespace != "" {
		return text + fmt.Sprintf("give the namespace %s the label %s=%s", e.Namespace, api.EnforceLevelLabel, e.Enough())
	}
	return text + SetPodSecurity(e.Enough())
}

// AllObjects are those that the words name only some of.
func (e *InsecureError) AllObjects() []string {
	var all []string
	for _, p := range e.Pods {
		all = append(all, p.String())
	}
	return all
}

// Enough is the strictest standard that all of the pods keep to.
func (e *InsecureError) Enough() string {
	for _, p := range e.Pods {
		if p.Enough == string(api.LevelPrivileged) {
			return p.Enough
		}
	}
	return string(api.LevelBaseline)
}

// SetPodSecurity says how a plan allows what a Pod Security Standard does.
func SetPodSecurity(standard string) string {
	return fmt.Sprintf("set `pod_security: %s` in plans.yaml", standard)
}

// ExplainPodSecurity adds to Kubernetes' words for a pod that it refuses what can be
// done about it. Other words are left as they are.
func ExplainPodSecurity(text string) string {
	_, refused, found := strings.Cut(text, `violates PodSecurity "`)
	switch {
	case !found:
		return text
	case strings.HasPrefix(refused, string(api.LevelRestricted)):
		return text + "; change the chart, or " + SetPodSecurity("baseline") + ", or privileged if that isn't enough"
	}
	return text + "; change the chart, or " + SetPodSecurity("privileged")
}

// Insecure finds among what Read has read the objects whose pods don't keep to a
// standard, as a Kubernetes of a version such as "v1.33.2" judges them.
// Workloads that are asked for no pod are left out, as are pods that can't be read:
// the API server says why.
func Insecure(objects []Object, standard api.LevelVersion, kubeVersion string) ([]InsecurePods, error) {
	if standard.Level == api.LevelPrivileged {
		return nil, nil
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, fmt.Errorf("reading the Pod Security Standards: %w", err)
	}
	// A standard's version that is newer than the API server is its newest.
	if newest, known := minorOf(kubeVersion); known && newest.Older(standard.Version) {
		standard.Version = newest
	}
	var found []InsecurePods
	for _, o := range objects {
		template, makes := PodsOf(o.Unstructured)
		if !makes {
			continue
		}
		why := violations(evaluator, standard, template)
		if len(why) == 0 {
			continue
		}
		enough := api.LevelPrivileged
		baseline := api.LevelVersion{Level: api.LevelBaseline, Version: standard.Version}
		if len(violations(evaluator, baseline, template)) == 0 {
			enough = api.LevelBaseline
		}
		found = append(found, InsecurePods{
			Kind: o.GetKind(), Name: cmp.Or(o.GetName(), o.GetGenerateName()), File: o.File,
			Why: why, Enough: string(enough), Template: template,
		})
	}
	return found, nil
}

func minorOf(kubeVersion string) (api.Version, bool) {
	parsed, err := version.ParseGeneric(kubeVersion)
	if err != nil {
		return api.Version{}, false
	}
	return api.MajorMinorVersion(int(parsed.Major()), int(parsed.Minor())), true
}

func violations(evaluator policy.Evaluator, standard api.LevelVersion, template corev1.PodTemplateSpec) []string {
	var found []string
	for _, result := range evaluator.EvaluatePod(standard, &template.ObjectMeta, &template.Spec) {
		if result.Allowed {
			continue
		}
		why := result.ForbiddenReason
		if result.ForbiddenDetail != "" {
			why += " (" + result.ForbiddenDetail + ")"
		}
		found = append(found, why)
	}
	return found
}

// PodsOf is what an object makes pods of. A PodTemplate makes none by itself, nor does
// a workload that is asked for none.
func PodsOf(object *unstructured.Unstructured) (template corev1.PodTemplateSpec, makes bool) {
	fields := podTemplate(object)
	if fields == nil || object.GetKind() == "PodTemplate" {
		return template, false
	}
	replicas, asked, err := unstructured.NestedInt64(object.Object, "spec", "replicas")
	if asked && err == nil && replicas == 0 {
		return template, false
	}
	only := map[string]any{"metadata": fields["metadata"], "spec": fields["spec"]}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(only, &template); err != nil {
		return template, false
	}
	return template, true
}
