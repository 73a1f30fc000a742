package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// step is one of a JSON patch (RFC 6902).
type step struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// MarkAccess changes the namespace's podgroup.MarkAnnotation, by which its nodes see
// that access to it has changed, and returns the resourceVersion that it has by that. It
// is one write, and none to a namespace that isn't the instance's.
func (n *Namespaces) MarkAccess(ctx context.Context, want Namespace) (revision string, err error) {
	patch, err := json.Marshal([]step{
		{"test", pointer(want.Owner), want.Annotations[want.Owner]},
		{"add", pointer(podgroup.MarkAnnotation), time.Now().UTC().Format(time.RFC3339Nano)},
	})
	if err != nil {
		return "", err
	}
	marked, err := n.clients.CoreV1().Namespaces().Patch(ctx, want.Name, types.JSONPatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return "", fmt.Errorf("marking namespace %s for its nodes: %w", want.Name, err)
	}
	return marked.ResourceVersion, nil
}

// pointer names an annotation (RFC 6901).
func pointer(annotation string) string {
	return "/metadata/annotations/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(annotation)
}
