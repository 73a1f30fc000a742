package readiness

// Cause is of what kind the trouble is that keeps a release from being ready.
type Cause string

// The causes. There are few, since failures are counted by them.
const (
	Image      Cause = "image"      // one can't be pulled
	Crash      Cause = "crash"      // a container ends, or has ended
	Scheduling Cause = "scheduling" // no node takes a pod
	Volume     Cause = "volume"     // one can't be had, or not be mounted
	Admission  Cause = "admission"  // Kubernetes refuses pods: a namespace's quota, a webhook
	Hook       Cause = "hook"       // one of the chart's failed, or didn't end
	NotReady   Cause = "not-ready"  // a probe, or whatever else
)
