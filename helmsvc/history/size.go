package history

import (
	"context"
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// TooLargeError says that a release's record wouldn't fit into a Secret.
type TooLargeError struct {
	// Size is the record's in bytes, packed and encoded as Helm does.
	Size int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the release is too large: its record, the values and all that the chart renders, has %d bytes when it is packed, and a Secret, in which Helm keeps it, holds %d; "+
		"let the chart render less, such as files in ConfigMaps", e.Size, corev1.MaxSecretSize)
}

// CheckSize returns a TooLargeError for a release whose record no Secret could hold.
// Most are far from it, before they are packed: packing takes longer than much of an
// install.
func CheckSize(r *release.Release) error {
	if text, err := json.Marshal(slim(r)); err == nil && len(text) < corev1.MaxSecretSize/2 {
		return nil
	}
	var m measuring
	secrets := driver.NewSecrets(&m)
	secrets.Log = func(string, ...any) {}
	if err := (slimRecords{secrets}).Create("size", r); err != nil {
		return fmt.Errorf("measuring the release's record: %w", err)
	}
	if m.size > corev1.MaxSecretSize {
		return &TooLargeError{Size: m.size}
	}
	return nil
}

// measuring takes a Secret's measure in place of making it.
type measuring struct {
	typedcorev1.SecretInterface
	size int
}

// Create sums up the values, which is what Kubernetes bounds.
func (m *measuring) Create(_ context.Context, secret *corev1.Secret, _ metav1.CreateOptions) (*corev1.Secret, error) {
	for _, value := range secret.Data {
		m.size += len(value)
	}
	return secret, nil
}
