package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
// that access to it has changed. It is one write, and none to a namespace that isn't
// the instance's.
func (n *Namespaces) MarkAccess(ctx context.Context, want Namespace) error {
	patch, err := json.Marshal(append(want.tests(), step{"add", pointer("annotations", podgroup.MarkAnnotation), time.Now().UTC().Format(time.RFC3339Nano)}))
	if err != nil {
		return err
	}
	if _, err = n.clients.CoreV1().Namespaces().Patch(ctx, want.Name, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("marking namespace %s for its nodes: %w", want.Name, err)
	}
	return nil
}

// tests are what a namespace has to carry to be the instance's.
func (n Namespace) tests() []step {
	if len(n.OwnerLabels) == 0 {
		return []step{{"test", pointer("annotations", n.Owner), n.Annotations[n.Owner]}}
	}
	var tests []step
	for _, key := range slices.Sorted(maps.Keys(n.OwnerLabels)) {
		tests = append(tests, step{"test", pointer("labels", key), n.OwnerLabels[key]})
	}
	return tests
}

// pointer names a key of an object's metadata (RFC 6901).
func pointer(field, key string) string {
	return "/metadata/" + field + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
