package history

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// releaseSecrets are a release's records. They lie in the instance's namespace,
// where whoever acts as the instance can write them: one that Helm couldn't read,
// or wouldn't expect, isn't there.
//
// Helm reads all of them before each of its steps. They are read once: nobody else
// writes them while an operation is carried through. In a namespace that was made
// just now there are none.
type releaseSecrets struct {
	typedcorev1.SecretInterface
	target tenant.Target
	known  []corev1.Secret
	read   bool // known has all of them
}

// Get returns a record that can be used.
func (s *releaseSecrets) Get(ctx context.Context, name string, _ metav1.GetOptions) (*corev1.Secret, error) {
	if err := s.readAll(ctx); err != nil {
		return nil, err
	}
	at := s.at(name)
	if at < 0 {
		return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
	}
	return s.known[at].DeepCopy(), nil
}

// List returns the records that can be used.
func (s *releaseSecrets) List(ctx context.Context, options metav1.ListOptions) (*corev1.SecretList, error) {
	wanted, err := labels.Parse(options.LabelSelector)
	if err != nil {
		return nil, fmt.Errorf("reading which records are wanted: %w", err)
	}
	if err := s.readAll(ctx); err != nil {
		return nil, err
	}
	found := new(corev1.SecretList)
	for _, each := range s.known {
		if wanted.Matches(labels.Set(each.Labels)) {
			found.Items = append(found.Items, *each.DeepCopy())
		}
	}
	return found, nil
}

// Create writes a new record.
func (s *releaseSecrets) Create(ctx context.Context, secret *corev1.Secret, options metav1.CreateOptions) (*corev1.Secret, error) {
	written, err := s.SecretInterface.Create(ctx, secret, options)
	return s.wrote(written, err)
}

// Update writes a record again.
func (s *releaseSecrets) Update(ctx context.Context, secret *corev1.Secret, options metav1.UpdateOptions) (*corev1.Secret, error) {
	written, err := s.SecretInterface.Update(ctx, secret, options)
	return s.wrote(written, err)
}

// Delete removes a record.
func (s *releaseSecrets) Delete(ctx context.Context, name string, options metav1.DeleteOptions) error {
	err := s.SecretInterface.Delete(ctx, name, options)
	if err != nil {
		s.read = false
		return err
	}
	s.known = slices.DeleteFunc(s.known, func(each corev1.Secret) bool { return each.Name == name })
	return nil
}

// wrote notes what was written. After a failure it isn't known what is there.
func (s *releaseSecrets) wrote(written *corev1.Secret, err error) (*corev1.Secret, error) {
	if err != nil {
		s.read = false
		return written, err
	}
	if at := s.at(written.Name); at >= 0 {
		s.known[at] = *written
	} else {
		s.known = append(s.known, *written)
	}
	return written, nil
}

func (s *releaseSecrets) at(name string) int {
	return slices.IndexFunc(s.known, func(each corev1.Secret) bool { return each.Name == name })
}

func (s *releaseSecrets) readAll(ctx context.Context) error {
	if s.read {
		return nil
	}
	found, err := s.SecretInterface.List(ctx, metav1.ListOptions{LabelSelector: labels.Set{"owner": "helm", "name": s.target.Release}.String()})
	if err != nil {
		return err
	}
	s.known, s.read = admitted(found.Items, s.target), true
	return nil
}
