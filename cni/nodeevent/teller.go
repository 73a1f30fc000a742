package nodeevent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// Teller tells of one node. It needs no more rights than to create and patch events
// in the namespace default, where those of nodes are.
type Teller struct {
	events    typedcorev1.EventInterface
	node      string
	component string
}

const (
	patience = 10 * time.Second
	// mostMessage is how long an event's message may be, in bytes (core/v1).
	mostMessage = 1024
)

// New returns the teller of a node; component is who tells.
func New(config *rest.Config, node, component string) (*Teller, error) {
	client, err := typedcorev1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for events: %w", err)
	}
	return &Teller{events: client.Events(metav1.NamespaceDefault), node: node, component: component}, nil
}

// Warn tells of a problem. The same, told again, is the same event, of now.
func (t *Teller) Warn(ctx context.Context, reason, message string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	event := t.event(reason, message, metav1.Now())
	_, err := t.events.Create(ctx, event, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		err = t.again(ctx, event)
	}
	if err != nil {
		return fmt.Errorf("telling Kubernetes of an event: %w", err)
	}
	return nil
}

// again has an event that there is be of now.
func (t *Teller) again(ctx context.Context, event *corev1.Event) error {
	patch, err := json.Marshal(map[string]any{"lastTimestamp": event.LastTimestamp, "message": event.Message})
	if err != nil {
		return err
	}
	_, err = t.events.Patch(ctx, event.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func (t *Teller) event(reason, message string, now metav1.Time) *corev1.Event {
	if len(message) > mostMessage {
		message = strings.ToValidUTF8(message[:mostMessage-3], "") + "…"
	}
	sum := sha256.Sum256([]byte(reason + message))
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: t.node + "." + hex.EncodeToString(sum[:8])},
		// Kubelets call a node's UID by its name, and so does `kubectl describe`.
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: t.node, UID: types.UID(t.node)},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning,
		Source:         corev1.EventSource{Component: t.component, Host: t.node},
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
		ReportingController: t.component, ReportingInstance: t.node,
	}
}
