package readiness

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// weight orders complaints: the least is told first.
type weight int

const (
	// decisive: it is why the release can't become ready any more.
	decisive weight = iota
	// telling: a pod's status names the cause.
	telling
	// barred: a workload's status says why it can't make its pods.
	barred
	// vague: a pod isn't ready, and its status doesn't say why; its events may.
	vague
	// outward: an object isn't ready. Mostly a pod is behind it.
	outward
)

// complaint is what Kubernetes says of an object that isn't ready.
type complaint struct {
	weight weight
	kind   string
	name   string
	cause  Cause // "": NotReady
	// uid tells a pod from an earlier one of the same name.
	uid types.UID
	// why is "" where the status says nothing.
	why string
	// claims are the PersistentVolumeClaims of a pod that can't be scheduled.
	claims []string
}

// String is the complaint as a developer reads it, "" if it says nothing.
func (c complaint) String() string {
	if c.why == "" {
		return ""
	}
	return c.with(c.why)
}

func (c complaint) with(why string) string {
	kind := c.kind
	if kind == "Pod" {
		kind = "pod"
	}
	return kind + " " + c.name + ": " + manifest.ExplainPodSecurity(why)
}

// told returns the first complaint's words, and of what kind it is.
func told(complaints []complaint) (string, Cause) {
	for _, c := range complaints {
		if text := c.String(); text != "" {
			return text, c.cause
		}
	}
	return "", ""
}

// sortComplaints puts first what tells most; of several that tell as much the
// order stays.
func sortComplaints(all []complaint) {
	slices.SortStableFunc(all, func(a, b complaint) int { return cmp.Compare(a.weight, b.weight) })
}

// complaintOf looks at a pod's status. why is "" also for a pod that is ready.
func complaintOf(pod *corev1.Pod) complaint {
	c := complaint{weight: telling, kind: "Pod", name: pod.Name, uid: pod.UID}
	switch {
	case IsReady(pod), pod.DeletionTimestamp != nil, pod.Status.Phase == corev1.PodSucceeded:
		return c
	}
	if c.why = unscheduled(pod); c.why != "" {
		c.claims, c.cause = claimsOf(pod), Scheduling
		return c
	}
	if c.why, c.cause = stuckContainer(pod); c.why != "" {
		return c
	}
	if c.why = evicted(pod); c.why != "" {
		return c
	}
	c.weight = vague
	if c.why = restarted(pod); c.why != "" {
		c.cause = Crash
		return c
	}
	c.why = unready(pod)
	return c
}

// claimsOf returns the names of the PersistentVolumeClaims that a pod mounts.
func claimsOf(pod *corev1.Pod) []string {
	var names []string
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			names = append(names, v.PersistentVolumeClaim.ClaimName)
		case v.Ephemeral != nil:
			names = append(names, pod.Name+"-"+v.Name)
		}
	}
	return names
}
