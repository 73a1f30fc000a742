package helmsvc_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// trouble is what goes wrong while a release is being waited for.
type trouble struct {
	// release is what is installed, into a namespace that before has prepared.
	release string
	before  func(*place)
	// when the progress says this, happens is called; when it then says seen,
	// the time is up. Both may be empty: the first progress, and at once.
	when    string
	happens func(*place)
	seen    string
	// want are the words that the developer reads, and cause what is counted.
	want  string
	cause readiness.Cause
}

const (
	unready  = "fault.local/never-ready:1"
	crashing = "fault.local/crash:1"
	pulling  = "fault.local/pull-error:1"
	lastSaid = "starting up FATAL: could not open configuration: permission denied"
)

func stateful(more string, images ...string) string {
	return object("apps/v1", "StatefulSet", "s", workload("s", more, images...))
}

func job(name, more, image string) string {
	return object("batch/v1", "Job", name, "{backoffLimit: 0,"+more+" template: "+podTemplate(name, "restartPolicy: Never,", image)+"}")
}

// claiming is a StatefulSet with a volume of that class.
func claiming(class string) string {
	return object("apps/v1", "StatefulSet", "s", strings.TrimSuffix(workload("s", "", "a/s:1"), "}")+
		", volumeClaimTemplates: [{metadata: {name: data}, spec: "+claim(class)+"}]}")
}

func claim(class string) string {
	return `{accessModes: [ReadWriteOnce], storageClassName: "` + class + `", resources: {requests: {storage: 1Gi}}}`
}

// TestReasons holds what a developer reads against what Kubernetes says.
func TestReasons(t *testing.T) {
	waiting := func(reason, message string) corev1.ContainerStatus {
		return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
	}
	ended := func(s corev1.ContainerStatus, restarts int32, last corev1.ContainerStateTerminated) corev1.ContainerStatus {
		s.RestartCount, s.LastTerminationState.Terminated = restarts, &last
		return s
	}
	running := corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	for name, c := range map[string]trouble{
		"crash": {cause: readiness.Crash, release: stateful("", crashing), seen: "keeps crashing",
			want: "not ready in time: 0 of 1 pods ready; pod s-0: container c0 keeps crashing (N restarts): it exited with code 1: " + lastSaid},
		"init container": {cause: readiness.Crash, release: stateful("initContainers: [{name: i, image: '"+crashing+"'}],", "a/s:1"), seen: "keeps crashing",
			want: "pod s-0: container i keeps crashing (N restarts): it exited with code 1: " + lastSaid},
		"lone pod, which may recover": {cause: readiness.Crash, release: object("v1", "Pod", "lone", "{containers: ["+containers(crashing)+"]}"), seen: "keeps crashing",
			want: "not ready in time: 0 of 1 pods ready; pod lone: container c0 keeps crashing"},
		"out of memory": {cause: readiness.Crash, release: stateful("", unready), when: "pod s-0", seen: "memory",
			happens: says(ended(waiting("CrashLoopBackOff", "back-off"), 9, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"})),
			want:    "pod s-0: container c0 keeps crashing (N restarts): it was killed since it needs more memory than its limit allows (OOMKilled, exit code 137)"},
		"can't be started": {cause: readiness.Crash, release: stateful("", unready), when: "pod s-0", seen: "StartError",
			happens: says(ended(waiting("CrashLoopBackOff", "back-off"), 9, corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: `exec: "srv": not found`})),
			want:    `it exited with code 128 (StartError): exec: "srv": not found`},
		"end of a long log": {cause: readiness.Crash, release: stateful("", unready), when: "pod s-0", seen: "panic",
			happens: says(ended(waiting("CrashLoopBackOff", "back-off"), 9, corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error", Message: strings.Repeat("chatter, chatter\n", 20) + "panic: no space left\n\n"})),
			want:    "chatter panic: no space left"},
		"started again": {cause: readiness.Crash, release: stateful("", unready), when: "pod s-0", seen: "started again",
			happens: then(awaitEvent("Unhealthy"), says(ended(running, 2, corev1.ContainerStateTerminated{ExitCode: 3, Message: "lost the lock"}))),
			want:    "pod s-0: not ready: container c0 was started again (N restarts) after it exited with code 3: lost the lock; Readiness probe failed: dial tcp IP: connect: connection refused"},
		"missing Secret": {cause: readiness.NotReady, release: stateful("", unready), when: "pod s-0", seen: "ConfigError",
			happens: says(waiting("CreateContainerConfigError", `couldn't find key port in Secret ns/db`)),
			want:    "pod s-0: container c0 is waiting (CreateContainerConfigError): couldn't find key port in Secret ns/db"},
		"probe": {cause: readiness.NotReady, release: stateful("", unready), when: "not ready",
			happens: then(awaitEvent("Unhealthy"), warns("Pod", "other", "BackOff", "somebody else's trouble")),
			want:    "not ready in time: 0 of 1 pods ready; pod s-0: not ready: containers with unready status: [c0]; Readiness probe failed: dial tcp IP: connect: connection refused"},
		"the crash before the waiting": {cause: readiness.Crash, release: object("apps/v1", "StatefulSet", "a", workload("a", "", unready)) + stateful("", crashing), seen: "keeps crashing",
			want: "0 of 2 pods ready; pod s-0: container c0 keeps crashing"},
		"unschedulable": {cause: readiness.Scheduling, release: stateful("nodeSelector: {disk: none},", "a/s:1"), seen: "can't be scheduled",
			want: "pod s-0: can't be scheduled: 0/1 nodes are available: 1 node(s) didn't match"},
		"no storage class": {cause: readiness.Volume, release: claiming("none"), when: "can't be scheduled", happens: awaitEvent("ProvisioningFailed"),
			want: `; PersistentVolumeClaim data-s-0: storageclass.storage.k8s.io "none" not found`},
		"no volume": {cause: readiness.Volume, release: claiming(""), when: "can't be scheduled", happens: awaitEvent("FailedBinding"),
			want: "; PersistentVolumeClaim data-s-0: no persistent volumes available for this claim and no storage class is set"},
		"claim of the chart": {cause: readiness.Volume, release: object("v1", "PersistentVolumeClaim", "p", claim("none")), when: "PersistentVolumeClaim p", happens: awaitEvent("ProvisioningFailed"),
			want: `not ready in time: waiting for its objects to become ready; PersistentVolumeClaim p: storageclass.storage.k8s.io "none" not found`},
		"job failed": {cause: readiness.Crash, release: job("j", "", crashing) + object("apps/v1", "StatefulSet", "a", workload("a", "", pulling)),
			want: "not ready since Job j failed (BackoffLimitExceeded: Job has reached the specified backoff limit): 0 of 1 pods ready; pod j-POD: container c0 exited with code 1: " + lastSaid},
		"job out of time": {cause: readiness.Image, release: job("j", "activeDeadlineSeconds: 600,", pulling), when: "can't pull", happens: deadline("j"), seen: "never",
			want: "not ready since Job j failed (DeadlineExceeded: Job was active longer than specified deadline): waiting for its objects to become ready; pod j-POD: container c0 can't pull its image " + pulling},
		"hook failed": {cause: readiness.Hook, release: hooked(job("pre", "", crashing), "pre-install"),
			want: "a hook failed: Job pre failed (BackoffLimitExceeded: Job has reached the specified backoff limit): pod pre-POD: container c0 exited with code 1: " + lastSaid},
		"hook hangs": {cause: readiness.Image, release: hooked(job("pre", "", pulling), "pre-install"), before: crashed("a"), seen: "can't pull",
			want: "a hook did not end in time: pod pre-POD: container c0 can't pull its image"},
		"quota": {cause: readiness.Admission, release: stateful("", "a/s:1"), before: quota, happens: awaitEvent("FailedCreate"),
			want: `0 of 1 pods ready; StatefulSet s: create Pod s-0 in StatefulSet s failed error: pods "s-0" is forbidden: exceeded quota: none`},
		"pod security that has changed": {cause: readiness.Admission, release: object("apps/v1", "Deployment", "d", workload("d", "", unready)), when: "not ready", happens: then(restricted, loses("app=d")), seen: "plans.yaml",
			want: `0 of 1 pods ready; Deployment d: pods "d-POD" is forbidden: violates PodSecurity "restricted:latest"`},
		"service account": {cause: readiness.Admission, release: stateful("serviceAccountName: none,", "a/s:1"), happens: then(awaitEvent("FailedCreate"), warns("ReplicaSet", "old-0", "FailedCreate", "somebody else's trouble")),
			want: `StatefulSet s: create Pod s-0 in StatefulSet s failed error: pods "s-0" is forbidden: error looking up service account NS/none: serviceaccount "none" not found`},
		"load balancer": {cause: readiness.NotReady, release: object("v1", "Service", "lb", "{type: LoadBalancer, ports: [{port: 80}]}"), when: "Service lb: it has no load balancer address",
			happens: warns("Service", "lb", "SyncLoadBalancerFailed", "Error syncing load balancer: no address left"),
			want:    "Service lb: Error syncing load balancer: no address left"},
		"custom resource": {cause: readiness.NotReady, release: "apiVersion: example.com/v1\nkind: Reasoned\nmetadata: {name: r}\nstatus: {conditions: [{type: Ready, status: 'False', reason: Backup, message: the backup b is missing}]}\n",
			before: serves("Reasoned"), seen: "Reasoned",
			want: "not ready in time: waiting for its objects to become ready; Reasoned r: Ready is False: the backup b is missing"},
		"custom resource without an operator": {cause: readiness.NotReady, release: custom("Silent", "q"), before: operated("Silent"), seen: "no status yet",
			want: "not ready in time: waiting for its objects to become ready; Silent q: it has no status yet: is its operator running?"},
		"custom resource that its operator has given up": {cause: readiness.NotReady, release: custom("Stuck", "q"), before: operated("Stuck"), when: "no status yet", seen: "never",
			happens: tells("Stuck", "q", `{"conditions": [{"type": "Stalled", "status": "True", "message": "the image tag x doesn't exist"}]}`),
			want:    "not ready since Stuck q failed (the image tag x doesn't exist): waiting for its objects to become ready; Stuck q: the image tag x doesn't exist"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if c.before != nil {
				c.before(p)
			}
			if got := p.trouble(c); !strings.Contains(got, c.want) {
				t.Errorf("the developer reads\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// trouble installs what goes wrong and returns what the developer reads, with
// letters for what is different each time.
func (p *place) trouble(c trouble) string {
	p.t.Helper()
	ctx := newLimit(p.t)
	happened := c.happens == nil
	report := func(now readiness.Progress) {
		text := now.String()
		if !happened && strings.Contains(text, c.when) {
			happened = true
			c.happens(p)
			if c.seen == "" {
				ctx.up()
			}
		}
		if happened && c.seen != "" && strings.Contains(text, c.seen) {
			ctx.up()
		}
	}
	what := chart.Rendered{Chart: chartOf("trouble", map[string]string{"all.yaml": c.release})}
	err := p.Install(ctx, p.target, what, report)
	var notReady *readiness.NotReadyError
	if !errors.As(err, &notReady) {
		p.t.Fatalf("error %v", err)
	}
	if got := notReady.Cause(); got != c.cause {
		p.t.Errorf("it is counted as %s, want %s", got, c.cause)
	}
	text := strings.ReplaceAll(err.Error(), p.ns.Name, "NS")
	for pattern, letters := range map[string]string{
		`\d+ restarts`:                  "N restarts",
		`10\.255\.\d+\.\d+(:\d+)?`:      "IP",
		`\b(j|pre|d)(-[a-z0-9]{5,10})+`: "$1-POD",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, letters)
	}
	return text
}
