package helmsvc_test

import (
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// must notes an error. It doesn't end the test: steps run within an install.
func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Error(err)
	}
}

// until asks until the answer is yes.
func (p *place) until(what string, ask func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for !ask() {
		if time.Now().After(deadline) {
			p.t.Errorf("%s didn't come true within five minutes", what)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func then(steps ...func(*place)) func(*place) {
	return func(p *place) {
		for _, step := range steps {
			step(p)
		}
	}
}

// says puts a container's state into the StatefulSet's pod's status, as its
// kubelet would.
func says(status corev1.ContainerStatus) func(*place) {
	const pod = "s-0"
	return func(p *place) {
		p.t.Helper()
		pods := clients.CoreV1().Pods(p.ns.Name)
		p.until("pod "+pod+" takes its status", func() bool {
			have, err := pods.Get(p.t.Context(), pod, metav1.GetOptions{})
			p.must(err)
			if len(have.Status.ContainerStatuses) == 0 {
				return false
			}
			status.Name, status.Image = have.Spec.Containers[0].Name, have.Spec.Containers[0].Image
			have.Status.ContainerStatuses[0] = status
			_, err = pods.UpdateStatus(p.t.Context(), have, metav1.UpdateOptions{})
			return err == nil
		})
	}
}

// awaitEvent waits until Kubernetes has told of it.
func awaitEvent(reason string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		p.until("an event "+reason, func() bool {
			events, err := clients.CoreV1().Events(p.ns.Name).List(p.t.Context(), metav1.ListOptions{FieldSelector: "reason=" + reason})
			p.must(err)
			return len(events.Items) > 0
		})
	}
}

// warns tells of trouble with an object, newer than any other.
func warns(kind, name, reason, message string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		_, err := clients.CoreV1().Events(p.ns.Name).Create(p.t.Context(), &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "warning-"},
			InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name, Namespace: p.ns.Name},
			Type:           corev1.EventTypeWarning, Reason: reason, Message: message,
			LastTimestamp: metav1.NewTime(time.Now().Add(time.Minute)),
		}, metav1.CreateOptions{})
		p.must(err)
	}
}

// deadline has the Job's time run out.
func deadline(name string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		_, err := clients.BatchV1().Jobs(p.ns.Name).Patch(p.t.Context(), name, types.MergePatchType, []byte(`{"spec":{"activeDeadlineSeconds":1}}`), metav1.PatchOptions{})
		p.must(err)
	}
}

// crashed makes a pod of nobody's that crashes.
func crashed(name string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		pods := clients.CoreV1().Pods(p.ns.Name)
		_, err := pods.Create(p.t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: crashing}}},
		}, metav1.CreateOptions{})
		p.must(err)
		p.until("the pod crashes", func() bool {
			have, err := pods.Get(p.t.Context(), name, metav1.GetOptions{})
			p.must(err)
			return len(have.Status.ContainerStatuses) > 0 && have.Status.ContainerStatuses[0].RestartCount > 0
		})
	}
}

func quota(p *place) {
	p.t.Helper()
	_, err := cluster.Fill(p.t.Context(), clients, p.ns.Name)
	p.must(err)
}

func restricted(p *place) {
	p.t.Helper()
	label := `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`
	_, err := clients.CoreV1().Namespaces().Patch(p.t.Context(), p.ns.Name, types.MergePatchType, []byte(label), metav1.PatchOptions{})
	p.must(err)
}

// loses takes pods away.
func loses(selector string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		p.must(clients.CoreV1().Pods(p.ns.Name).DeleteCollection(p.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: selector}))
	}
}

// serves has the cluster serve a kind.
func serves(kind string) func(*place) { return serving(definitionOf(kind)) }

// serving has the cluster serve the kind of a CRD.
func serving(definition *apiextensionsv1.CustomResourceDefinition) func(*place) {
	kind := definition.Spec.Names.Kind
	return func(p *place) {
		p.t.Helper()
		extensions, err := apiextensions.NewForConfig(local.RESTConfig())
		p.must(err)
		_, err = extensions.ApiextensionsV1().CustomResourceDefinitions().Create(p.t.Context(), definition, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) { // the test may run several times
			p.must(err)
		}
		p.until("the cluster serves "+kind, func() bool {
			served, err := clients.Discovery().ServerResourcesForGroupVersion("example.com/v1")
			if err != nil {
				return false
			}
			for _, r := range served.APIResources {
				if r.Kind == kind {
					return true
				}
			}
			return false
		})
	}
}

// TestJobThatGoes counts as completed also when its time to live has ended
// before the rest of the release is ready.
func TestJobThatGoes(t *testing.T) {
	p := newPlace(t)
	once := false
	report := func(now readiness.Progress) {
		if once || now.Total == 0 {
			return
		}
		once = true
		p.until("the Job is gone", func() bool {
			_, err := clients.BatchV1().Jobs(p.ns.Name).Get(t.Context(), "j", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		})
		makeReady(p, "s-0")
	}
	what := chart.Rendered{Chart: chartOf("goes", map[string]string{"all.yaml": job("j", "ttlSecondsAfterFinished: 0,", "a/j:1") + stateful("", unready)})}
	if err := p.Install(t.Context(), p.target, what, report); err != nil {
		t.Fatal(err)
	}
}

// makeReady has a pod's probe succeed after all.
func makeReady(p *place, name string) {
	p.t.Helper()
	p.until("pod "+name+" runs", func() bool {
		have, err := clients.CoreV1().Pods(p.ns.Name).Get(p.t.Context(), name, metav1.GetOptions{})
		return err == nil && have.Status.Phase == corev1.PodRunning
	})
	now := metav1.Now().UTC().Format(time.RFC3339)
	status, err := json.Marshal(map[string]any{"status": map[string]any{
		"containerStatuses": []any{map[string]any{"name": "c0", "ready": true}},
		"conditions": []any{
			map[string]any{"type": "Ready", "status": "True", "lastTransitionTime": now},
			map[string]any{"type": "ContainersReady", "status": "True", "lastTransitionTime": now},
		},
	}})
	p.must(err)
	_, err = clients.CoreV1().Pods(p.ns.Name).Patch(p.t.Context(), name, types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status")
	p.must(err)
}
