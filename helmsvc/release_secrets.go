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
	secrets := driver.NewSecrets(&releaseSecrets{SecretInterface: clients.CoreV1().Secrets(target.Namespace), target: target})
	secrets.Log = func(string, ...any) {}
	return storage.Init(secrets), nil
}

// Get returns a record that can be used.
func (s *releaseSecrets) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.Secret, error) {
	found, err := s.SecretInterface.Get(ctx, name, options)
	if err == nil && !s.usable(found) {
		return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
	}
	return found, err
}

// List returns the records that can be used.
func (s *releaseSecrets) List(ctx context.Context, options metav1.ListOptions) (*corev1.SecretList, error) {
	found, err := s.SecretInterface.List(ctx, options)
	if err != nil {
		return nil, err
	}
	found.Items = slices.DeleteFunc(found.Items, func(secret corev1.Secret) bool { return !s.usable(&secret) })
	return found, nil
}

// usable tells whether Helm can work with a record, and whether it is the
// release's.
func (s *releaseSecrets) usable(secret *corev1.Secret) bool {
	r, err := readRecord(secret.Data["release"])
	return err == nil && r.Info != nil && r.Chart != nil && r.Chart.Metadata != nil && !slices.Contains(r.Hooks, nil) &&
		r.Name == s.target.Release && r.Namespace == s.target.Namespace &&
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
