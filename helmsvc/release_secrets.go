package helmsvc

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// longestRecord is how much of a release's record is read. A Secret holds 1 MiB,
// which may be a thousand times that when it is unpacked.
const longestRecord = 32 << 20

// releaseSecrets are a release's records. They lie in the instance's namespace,
// where whoever acts as the instance can write them: one that Helm couldn't read,
// or wouldn't expect, isn't there.
type releaseSecrets struct {
	typedcorev1.SecretInterface
	target Target
}

// storageOf keeps the records of the target's release, as Helm does.
func storageOf(config *rest.Config, target Target) (*storage.Storage, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("building the client for the release's records: %w", err)
	}
	return storageIn(clients, target), nil
}

func storageIn(clients kubernetes.Interface, target Target) *storage.Storage {
	secrets := driver.NewSecrets(&releaseSecrets{SecretInterface: clients.CoreV1().Secrets(target.Namespace), target: target})
	secrets.Log = func(string, ...any) {}
	return storage.Init(slimRecords{secrets})
}

// slimRecords leave a chart's files out of a release's record, which a Secret
// has to hold: the manifest is there, and the broker keeps the chart itself.
type slimRecords struct{ *driver.Secrets }

// Create writes a new record.
func (s slimRecords) Create(key string, r *release.Release) error {
	return s.Secrets.Create(key, slim(r))
}

// Update writes a record again.
func (s slimRecords) Update(key string, r *release.Release) error {
	return s.Secrets.Update(key, slim(r))
}

func slim(r *release.Release) *release.Release {
	copied := *r
	if r.Chart != nil {
		copied.Chart = &helmchart.Chart{Metadata: r.Chart.Metadata, Values: r.Chart.Values}
	}
	return &copied
}

// Get returns a record that can be used.
func (s *releaseSecrets) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.Secret, error) {
	found, err := s.SecretInterface.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	if _, usable := recordOf(found, s.target); !usable {
		return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
	}
	return found, nil
}

// List returns the records that can be used.
func (s *releaseSecrets) List(ctx context.Context, options metav1.ListOptions) (*corev1.SecretList, error) {
	found, err := s.SecretInterface.List(ctx, options)
	if err != nil {
		return nil, err
	}
	found.Items = slices.DeleteFunc(found.Items, func(secret corev1.Secret) bool {
		_, usable := recordOf(&secret, s.target)
		return !usable
	})
	return found, nil
}

// recordOf reads a record. It is usable if Helm can work with it and it is the
// target's.
func recordOf(secret *corev1.Secret, target Target) (r *release.Release, usable bool) {
	r, err := readRecord(secret.Data["release"])
	return r, err == nil && r.Info != nil && r.Chart != nil && r.Chart.Metadata != nil && !slices.Contains(r.Hooks, nil) &&
		r.Name == target.Release && r.Namespace == target.Namespace &&
		secret.Name == fmt.Sprintf("%s.%s.v%d", storage.HelmStorageType, r.Name, r.Version)
}

func readRecord(encoded []byte) (*release.Release, error) {
	packed, err := base64.StdEncoding.DecodeString(string(encoded))
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(unpacked, longestRecord+1))
	if err != nil {
		return nil, err
	}
	if len(text) > longestRecord {
		return nil, errors.New("the record is too long")
	}
	r := new(release.Release)
	return r, json.Unmarshal(text, r)
}
