package cluster

// Images with a fault. A container whose image reference begins with one of them goes wrong in that way, so that a fault
// gets into any chart through the chart's own values: repository "fault.local/crash", or "fault.local/crash/redis", with
// any tag. Every other image runs. It works for init containers too, which then hold up the containers after them.
// stages/pod.yaml and stages/fault.yaml play them.
const (
	// ImageNeverReady runs, but its readiness probe fails for ever, with the event "Unhealthy". A Job's pod that runs it
	// never completes.
	ImageNeverReady = "fault.local/never-ready"
	// ImagePullError can't be pulled: the container waits with ErrImagePull, then ImagePullBackOff, with the events "Failed"
	// and "BackOff".
	ImagePullError = "fault.local/pull-error"
	// ImageCrash ends with exit code 1 as soon as it is started, with CrashMessage as the last line of its termination message.
	// It waits in CrashLoopBackOff, its restart count grows, and there is the event "BackOff". Where the pod's
	// restartPolicy is Never, the pod is Failed instead.
	ImageCrash = "fault.local/crash"
)

// CrashMessage is the last line that a container of ImageCrash says.
const CrashMessage = "FATAL: could not open configuration: permission denied"
