package record

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// How a kept chart looks as a Secret. It has no kind label, since the watch's
// cache has no use for it.
const (
	chartType  = corev1.SecretType("cf-helm-broker.io/chart")
	chartLabel = "cf-helm-broker.io/chart"
	chartKey   = "archive"
)

func chartSecret(digest string) string { return "chart." + strings.TrimPrefix(digest, "sha256:") }

// KeepChart keeps a chart's archive for the instances that are made from it.
// Keeping it again changes nothing: what a digest names can't change. One that
// is kept isn't sent again.
func (s *Store) KeepChart(ctx context.Context, chart Chart, archive []byte) error {
	kept, err := s.keepsChart(ctx, chart.Digest)
	if kept || err != nil {
		return err
	}
	_, err = s.secrets.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: chartSecret(chart.Digest), Labels: map[string]string{chartLabel: "kept"},
			Annotations: map[string]string{chartLabel: chart.Name + " " + chart.Version}},
		Type: chartType,
		Data: map[string][]byte{chartKey: archive},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("keeping the chart %s %s: %w", chart.Name, chart.Version, err)
	}
	return nil
}

// keepsChart asks for no more than the metadata: an archive may have a megabyte.
func (s *Store) keepsChart(ctx context.Context, digest string) (bool, error) {
	err := s.rest.Get().Namespace(s.namespace).Resource("secrets").Name(chartSecret(digest)).
		SetHeader("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for the kept chart: %w", err)
	}
	return true, nil
}

// LiveChart returns a kept chart's archive, or ErrNotFound.
func (s *Store) LiveChart(ctx context.Context, digest string) ([]byte, error) {
	secret, err := s.secrets.Get(ctx, chartSecret(digest), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading the kept chart: %w", err)
	}
	return secret.Data[chartKey], nil
}

// ForgetCharts removes the kept charts that needed doesn't know. needed is
// asked with each chart's digest.
func (s *Store) ForgetCharts(ctx context.Context, needed func(digest string) bool) error {
	kept, err := s.secrets.List(ctx, metav1.ListOptions{LabelSelector: chartLabel})
	if err != nil {
		return fmt.Errorf("listing the kept charts: %w", err)
	}
	var failures []error
	for _, secret := range kept.Items {
		if digest := "sha256:" + strings.TrimPrefix(secret.Name, "chart."); !needed(digest) {
			failures = append(failures, s.ForgetChart(ctx, digest))
		}
	}
	return errors.Join(failures...)
}

// ForgetChart removes a kept chart. One that isn't kept is no error.
func (s *Store) ForgetChart(ctx context.Context, digest string) error {
	err := s.secrets.Delete(ctx, chartSecret(digest), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing a chart that no instance uses: %w", err)
	}
	return nil
}
