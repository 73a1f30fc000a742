package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

func TestImagesWithAFault(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	for _, test := range []struct {
		image  string
		phase  corev1.PodPhase
		wrong  func(corev1.ContainerStatus) bool
		reason string // of the event
		says   string // the event's message
	}{
		{
			image:  cluster.ImageNeverReady,
			phase:  corev1.PodRunning,
			wrong:  func(s corev1.ContainerStatus) bool { return s.State.Running != nil && !s.Ready },
			reason: "Unhealthy", says: "Readiness probe failed",
		},
		{
			image: cluster.ImagePullError,
			phase: corev1.PodPending,
			wrong: func(s corev1.ContainerStatus) bool {
				return s.State.Waiting != nil && s.State.Waiting.Reason == "ImagePullBackOff" &&
					strings.Contains(s.State.Waiting.Message, s.Image)
			},
			reason: "Failed", says: `Failed to pull image "fault.local/pull-error/redis:7"`,
		},
		{
			image: cluster.ImageCrash,
			phase: corev1.PodRunning,
			wrong: func(s corev1.ContainerStatus) bool {
				last := s.LastTerminationState.Terminated
				return s.State.Waiting != nil && s.State.Waiting.Reason == "CrashLoopBackOff" && s.RestartCount > 1 &&
					last != nil && last.ExitCode == 1 && strings.HasSuffix(strings.TrimSpace(last.Message), "\n"+cluster.CrashMessage)
			},
			reason: "BackOff", says: "Back-off restarting failed container c0",
		},
	} {
		t.Run(test.image, func(t *testing.T) {
			name := strings.TrimPrefix(test.image, "fault.local/")
			newPod(t, client, namespace, name, "", test.image+"/redis:7", "sidecar")
			pod := awaitPod(t, client, namespace, name, func(pod *corev1.Pod) bool {
				return pod.Status.Phase == test.phase && len(pod.Status.ContainerStatuses) == 2 && test.wrong(pod.Status.ContainerStatuses[0])
			})
			if ready(pod) || !pod.Status.ContainerStatuses[1].Ready {
				t.Errorf("want a pod that isn't Ready for its first container alone, got %+v", pod.Status)
			}
			awaitEvent(t, client, pod, test.reason, test.says)
		})
	}
}

func TestFaultOfAnInitContainerHoldsUpTheOthers(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	_, err := client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "init", Image: cluster.ImageCrash}},
			Containers:     []corev1.Container{{Name: "main", Image: "web"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	awaitPod(t, client, namespace, "p", func(pod *corev1.Pod) bool {
		status := pod.Status
		return status.Phase == corev1.PodPending && len(status.InitContainerStatuses) == 1 &&
			status.InitContainerStatuses[0].State.Waiting != nil &&
			status.InitContainerStatuses[0].State.Waiting.Reason == "CrashLoopBackOff" &&
			status.ContainerStatuses[0].State.Waiting.Reason == "PodInitializing"
	})
}

func TestStoppedNodeTakesItsPodsAlong(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	node := cluster.NodeName(0)
	newPod(t, client, namespace, "stays", node, "web")
	newPod(t, client, namespace, "deleted", node, "web")
	newPod(t, client, namespace, "elsewhere", cluster.NodeName(1), "web")
	for _, name := range []string{"stays", "deleted", "elsewhere"} {
		awaitPod(t, client, namespace, name, ready)
	}

	if err := shared.StopNode(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	awaitPod(t, client, namespace, "stays", notReady)
	pods := client.CoreV1().Pods(namespace)
	for _, name := range []string{"deleted", "elsewhere"} {
		if err := pods.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	awaitGone(t, client, namespace, "elsewhere")
	if pod := awaitPod(t, client, namespace, "deleted", notReady); pod.DeletionTimestamp == nil {
		t.Error("the pod deleted from the stopped node isn't Terminating")
	}

	if err := shared.StartNode(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	awaitPod(t, client, namespace, "stays", ready)
	awaitGone(t, client, namespace, "deleted")
}

func TestAPIServerComesBackWithItsData(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	if err := shared.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{}); err == nil {
		t.Error("a stopped API server answers")
	}
	if err := shared.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{}); err != nil {
		t.Errorf("what was there before is lost: %v", err)
	}
	newPod(t, client, namespace, "p", "", "web")
	awaitPod(t, client, namespace, "p", ready)
}

func awaitEvent(t *testing.T, client kubernetes.Interface, pod *corev1.Pod, reason, says string) {
	t.Helper()
	eventually(t, "event "+reason, func(ctx context.Context) (bool, error) {
		events, err := client.CoreV1().Events(pod.Namespace).List(ctx, metav1.ListOptions{
			FieldSelector: "involvedObject.uid=" + string(pod.UID) + ",type=Warning,reason=" + reason,
		})
		if err != nil {
			return false, err
		}
		for _, event := range events.Items {
			if strings.Contains(event.Message, says) && event.Source.Component == "kubelet" {
				return true, nil
			}
		}
		return false, fmt.Errorf("%d others", len(events.Items))
	})
}

func awaitGone(t *testing.T, client kubernetes.Interface, namespace, pod string) {
	t.Helper()
	eventually(t, "pod "+pod+" gone", func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
		return apierrors.IsNotFound(err), err
	})
}
