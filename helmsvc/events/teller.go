package events

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// patience is how long one may take.
	patience = 10 * time.Second
	// longestNote is what Kubernetes takes, in bytes.
	longestNote = 1024
	controller  = "cf-helm-broker"
)

// Event is something to be told.
type Event struct {
	Namespace string
	// Reason is one word, such as CreateFailed, and Note one line.
	Reason, Note string
	// Warning: somebody may have to do something.
	Warning bool
}

// Teller tells events. Nothing waits for it, and nothing fails with it: what is too much
// is left out, and so is what Kubernetes doesn't take, in a namespace that is being
// deleted for one.
type Teller struct {
	clients kubernetes.Interface
	window  window
}

// New tells on a cluster.
func New(clients kubernetes.Interface) *Teller {
	return &Teller{clients: clients}
}

// Tell has the event told, and returns at once.
func (t *Teller) Tell(ctx context.Context, e Event) {
	if e.Namespace == "" || !t.window.admits(e.Namespace, time.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	go func() {
		defer cancel()
		_ = t.post(ctx, e) // that is all that can be done
	}()
}

func (t *Teller) post(ctx context.Context, e Event) error {
	kind := corev1.EventTypeNormal
	if e.Warning {
		kind = corev1.EventTypeWarning
	}
	_, err := t.clients.EventsV1().Events(e.Namespace).Create(ctx, &eventsv1.Event{
		ObjectMeta:          metav1.ObjectMeta{Namespace: e.Namespace, GenerateName: controller + "-"},
		EventTime:           metav1.NowMicro(),
		ReportingController: controller,
		ReportingInstance:   controller,
		Action:              e.Reason,
		Reason:              e.Reason,
		Type:                kind,
		Note:                shorten(e.Note),
		// Kubernetes wants an Event beside what it is about, which a Namespace, being
		// in none, is by saying that it is in itself.
		Regarding: corev1.ObjectReference{APIVersion: "v1", Kind: "Namespace", Name: e.Namespace, Namespace: e.Namespace},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("telling of %s in namespace %s: %w", e.Reason, e.Namespace, err)
	}
	return nil
}

// shorten makes the note one line that isn't too long.
func shorten(note string) string {
	note = strings.ToValidUTF8(strings.Join(strings.Fields(note), " "), "")
	if len(note) <= longestNote {
		return note
	}
	const more = " …"
	return strings.ToValidUTF8(note[:longestNote-len(more)], "") + more
}
