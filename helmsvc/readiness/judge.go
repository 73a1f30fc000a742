package readiness

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// verdict is what one look at a release yields.
type verdict struct {
	ready bool
	// told: of each object that is ready that is known, and not only that nothing
	// speaks against it.
	told     bool
	failure  string // why it can't become ready any more
	progress Progress
	// complaints are about what isn't ready; the first tells most.
	complaints []complaint
}

// inert are kinds of Kubernetes' own groups that are ready as soon as they
// exist. Not watching them saves two requests for each kind.
var inert = map[string]bool{
	"/ConfigMap": true, "/Secret": true, "/ServiceAccount": true, "/LimitRange": true, "/ResourceQuota": true,
	"rbac.authorization.k8s.io/Role": true, "rbac.authorization.k8s.io/RoleBinding": true,
	"networking.k8s.io/NetworkPolicy": true, "networking.k8s.io/Ingress": true, "batch/CronJob": true,
	"policy/PodDisruptionBudget": true, "autoscaling/HorizontalPodAutoscaler": true,
}

// judged tells whether an object's readiness counts: that of those in the
// instance's namespace that can be anything but ready.
func (r Reader) judged(namespace string) func(*resource.Info) bool {
	return func(info *resource.Info) bool {
		kind := info.Mapping.GroupVersionKind.GroupKind()
		ready := inert[kind.Group+"/"+kind.Kind] || manifest.SeldomTold[kind.String()] || isInward(info)
		return info.Namespaced() && info.Namespace == namespace && (!ready || ruleFor(r.rules, kind) != nil)
	}
}

// isInward tells whether it is a Service that waits for no load balancer: such a one is
// ready as soon as it exists.
func isInward(info *resource.Info) bool {
	u, readable := info.Object.(*unstructured.Unstructured)
	if !readable || info.Mapping.GroupVersionKind.GroupKind() != (schema.GroupKind{Kind: "Service"}) {
		return false
	}
	exposure, _, _ := unstructured.NestedString(u.Object, "spec", "type")
	return exposure != string(corev1.ServiceTypeLoadBalancer)
}

// judge reads the caches. Rules: kstatus, made stricter where Kibosh's charts
// rely on it (a Job has completed, a load balancer has an address), and
// laxer where what it takes for final may pass (see judgePod).
func (w *watchedRelease) judge() (verdict, error) {
	pods, err := w.sortedPods()
	if err != nil {
		return verdict{}, err
	}
	v := verdict{ready: true, told: true, progress: count(pods), complaints: w.podComplaints(pods, w.hook)}
	v.progress.Hook = w.hook
	desired := 0
	for _, object := range w.objects {
		u, err := object.get()
		switch {
		case apierrors.IsNotFound(err) && w.hasCompleted(object):
			continue // a Job that has a time to live after its end
		case apierrors.IsNotFound(err):
			v.ready = false
			v.complaints = append(v.complaints, complaint{weight: outward, kind: object.kind, name: object.name, why: "it doesn't exist"})
			continue
		case err != nil:
			return verdict{}, err
		}
		desired += desiredPods(u)
		if err := w.judgeOne(object, u, &v); err != nil {
			return verdict{}, err
		}
	}
	sortComplaints(v.complaints)
	v.progress.Reason, v.progress.Cause = told(v.complaints)
	v.progress.Total = max(v.progress.Total, desired)
	return v, nil
}

// judgeOne adds one object to the verdict.
func (w *watchedRelease) judgeOne(object watchedObject, u *unstructured.Unstructured, v *verdict) error {
	result, err := object.judge(u)
	if err != nil {
		return err
	}
	v.told = v.told && result.Told
	if result.Status == status.CurrentStatus {
		return nil
	}
	v.ready = false
	about := complaint{weight: outward, kind: object.kind, name: object.name, why: manifest.Shorten(result.Message)}
	if message := conditionMessage(u, "ReplicaFailure"); message != "" { // quota, admission
		about.weight, about.why, about.cause = barred, manifest.Shorten(message), Admission
	}
	v.complaints = append(v.complaints, about)
	if result.Status != status.FailedStatus || v.failure != "" {
		return nil
	}
	v.failure = failed(u, result.Message)
	if said, found := w.said[object.name]; found && object.kind == "Job" {
		v.complaints = append(v.complaints, said)
	}
	return nil
}
