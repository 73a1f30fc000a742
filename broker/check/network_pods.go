package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check/probe"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

func (n Network) listener(t trial) *corev1.Pod {
	return n.pod("listens", n.container("listens", probe.ListenArgs(":"+strconv.Itoa(port), t.id)))
}

// dialler asks the listener in three containers, which share the pod's network, each of which
// ends with what it waits for. It is on another node, if there is one.
func (n Network) dialler(t trial, listener *corev1.Pod) *corev1.Pod {
	asks := func(until probe.Until, patience time.Duration) corev1.Container {
		d := probe.Dialler{Address: net.JoinHostPort(listener.Status.PodIP, strconv.Itoa(port)), Word: t.id, Until: until, Patience: patience}
		return n.container(string(until), d.Args(corev1.TerminationMessagePathDefault))
	}
	pod := n.pod("dials", asks(probe.Silent, silencePatience), asks(probe.Answered, tryLimit), asks(probe.Closed, tryLimit))
	pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{
			LabelSelector: &metav1.LabelSelector{MatchLabels: listener.Labels}, Namespaces: []string{listener.Namespace}, TopologyKey: corev1.LabelHostname,
		}}},
	}}
	return pod
}

// pod is one that every Pod Security Standard lets run, and that ends even if nobody ends it.
func (n Network) pod(role string, containers ...corev1.Container) *corev1.Pod {
	yes, no, deadline, grace := true, false, int64(leftAge.Seconds()), int64(1)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: role, Labels: map[string]string{TrialAnnotation: role}},
		Spec: corev1.PodSpec{
			Containers: containers, RestartPolicy: corev1.RestartPolicyNever, ActiveDeadlineSeconds: &deadline, TerminationGracePeriodSeconds: &grace,
			AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		},
	}
}

func (n Network) container(name string, args []string) corev1.Container {
	yes, no := true, false
	few := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	return corev1.Container{
		Name: name, Image: n.Image, Args: args, ImagePullPolicy: corev1.PullIfNotPresent,
		Resources: corev1.ResourceRequirements{Requests: few("10m", "32Mi"), Limits: few("200m", "128Mi")},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

const (
	lookAgain = 100 * time.Millisecond
	// rightsPatience is how long a new account's rights may take to count.
	rightsPatience = 15 * time.Second
)

// run makes the namespace and, as an instance does, the pod in it, and waits until that runs.
// Rights of the instance's account that don't count yet are no reason to give up.
func (n Network) run(ctx context.Context, at tenant.Namespace, pod *corev1.Pod) (*corev1.Pod, error) {
	clients, err := kubernetes.NewForConfig(n.Namespaces.As(tenant.Target{Namespace: at.Name}))
	if err != nil {
		return nil, fmt.Errorf("building the instance's Kubernetes client: %w", err)
	}
	var refused error
	err = wait.PollUntilContextTimeout(ctx, lookAgain, rightsPatience, true, func(ctx context.Context) (bool, error) {
		if _, refused = n.Namespaces.EnsureNamespace(ctx, at); refused == nil {
			_, refused = clients.CoreV1().Pods(at.Name).Create(ctx, pod, metav1.CreateOptions{})
		}
		return refused == nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("making the pod %s in namespace %s: %w", pod.Name, at.Name, cmp.Or(refused, err))
	}
	running, err := n.await(ctx, at.Name, pod.Name, startPatience, func(have *corev1.Pod) (bool, error) {
		if !readiness.Serves(have) {
			return false, fmt.Errorf("it has ended: %s", readiness.PodReason(have))
		}
		return have.Status.Phase == corev1.PodRunning && have.Status.PodIP != "", nil
	})
	if errors.Is(err, errLate) {
		err = fmt.Errorf("%w%s", err, warned(ctx, clients, at.Name))
	}
	return running, err
}

// warned is what the last warning of the namespace says, as that a pod's network can't be made.
func warned(ctx context.Context, clients kubernetes.Interface, namespace string) string {
	events, err := clients.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil || len(events.Items) == 0 {
		return ""
	}
	last := slices.MaxFunc(events.Items, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
	return "; " + last.Reason + ": " + last.Message
}

// errLate says that something hasn't come about in time.
var errLate = errors.New("that hasn't come about in time")

// await looks at a pod again and again until it is as wanted.
func (n Network) await(ctx context.Context, namespace, name string, patience time.Duration, wanted func(*corev1.Pod) (bool, error)) (*corev1.Pod, error) {
	var unread error
	pod := &corev1.Pod{}
	err := wait.PollUntilContextTimeout(ctx, lookAgain, patience, true, func(ctx context.Context) (bool, error) {
		var have *corev1.Pod
		if have, unread = n.Clients.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{}); unread == nil {
			pod = have
			return wanted(pod)
		}
		return false, nil // the next answer may be another
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if wait.Interrupted(err) {
		err = errors.Join(errLate, unread)
		if why := readiness.PodReason(pod); why != "" {
			err = fmt.Errorf("%w: %s", errLate, why)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("pod %s in namespace %s: %w", name, namespace, err)
	}
	return pod, nil
}

// report waits for what a container of the dialler tells at its end.
func (n Network) report(ctx context.Context, dialler *corev1.Pod, until probe.Until, patience time.Duration) (report probe.Report, err error) {
	_, err = n.await(ctx, dialler.Namespace, dialler.Name, patience, func(have *corev1.Pod) (told bool, err error) {
		report, told, err = reportOf(have, until)
		return told, err
	})
	return report, err
}

func reportOf(pod *corev1.Pod, until probe.Until) (report probe.Report, told bool, err error) {
	its := func(c corev1.ContainerStatus) bool { return c.Name == string(until) }
	at := slices.IndexFunc(pod.Status.ContainerStatuses, its)
	switch {
	case at >= 0 && pod.Status.ContainerStatuses[at].State.Terminated != nil:
		ended := pod.Status.ContainerStatuses[at].State.Terminated
		if ended.ExitCode != 0 {
			return report, false, fmt.Errorf("its container %s has ended with %d (%s): it doesn't run this broker", until, ended.ExitCode, ended.Reason)
		}
		report, err = probe.Read(ended.Message)
		return report, err == nil, err
	case !readiness.Serves(pod):
		return report, false, fmt.Errorf("it has ended: %s", readiness.PodReason(pod))
	}
	return report, false, nil
}
