package nodeevent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Teller tells of one node. It needs no more rights than to create and patch events
// in the namespace default, where those of nodes are.
type Teller struct {
	client    *http.Client
	host      string
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
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for events: %w", err)
	}
	url, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("finding Kubernetes for events: %w", err)
	}
	return &Teller{client: client, host: strings.TrimSuffix(url.String(), "/"), node: node, component: component}, nil
}

// Warn tells of a problem. The same, told again, is the same event, of now.
func (t *Teller) Warn(ctx context.Context, reason, message string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	event := t.event(reason, message, metav1.Now())
	path := "/api/v1/namespaces/" + event.Namespace + "/events"
	status, err := t.send(ctx, http.MethodPost, path, "application/json", event)
	if status != http.StatusConflict {
		return err
	}
	_, err = t.send(ctx, http.MethodPatch, path+"/"+event.Name, "application/merge-patch+json",
		map[string]any{"lastTimestamp": event.LastTimestamp, "message": event.Message})
	return err
}

func (t *Teller) event(reason, message string, now metav1.Time) *corev1.Event {
	if len(message) > mostMessage {
		message = strings.ToValidUTF8(message[:mostMessage-3], "") + "…"
	}
	sum := sha256.Sum256([]byte(reason + message))
	return &corev1.Event{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: t.node + "." + hex.EncodeToString(sum[:8])},
		// Kubelets call a node's UID by its name, and so does `kubectl describe`.
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: t.node, UID: types.UID(t.node)},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning,
		Source:         corev1.EventSource{Component: t.component, Host: t.node},
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
		ReportingController: t.component, ReportingInstance: t.node,
	}
}

func (t *Teller) send(ctx context.Context, method, path, kind string, what any) (int, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, method, t.host+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", kind)
	response, err := t.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("telling Kubernetes of an event: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return response.StatusCode, fmt.Errorf("telling Kubernetes of an event: %s %s", response.Status, said)
	}
	return response.StatusCode, nil
}
