package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
)

// purge removes the objects of a release that Helm's own uninstall can't
// remove: without hooks, each object by itself, leaving out kinds that the
// cluster no longer knows. Helm gives the whole release up for one such kind,
// and doesn't say which.
func (s *session) purge(r *release.Release) error {
	_, manifests, err := releaseutil.SortManifests(releaseutil.SplitManifests(r.Manifest), nil, releaseutil.UninstallOrder)
	if err != nil {
		manifests = nil // what can't be read wasn't made, and a record can be forged
	}
	var failed []error
	for _, m := range manifests {
		if m.Head == nil || m.Head.Metadata == nil {
			continue
		}
		if m.Head.Metadata.Annotations[kube.ResourcePolicyAnno] == kube.KeepPolicy {
			continue
		}
		failed = append(failed, s.purgeObject(m))
	}
	return errors.Join(failed...)
}

func (s *session) purgeObject(m releaseutil.Manifest) error {
	resources, err := s.KubeClient.Build(strings.NewReader(m.Content), false)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s %s of the release: %w", m.Head.Kind, m.Head.Metadata.Name, err)
	}
	_, errs := s.KubeClient.Delete(resources)
	if !slices.ContainsFunc(resources, s.client.foreign) {
		// What the instance may not delete it hasn't made, and it goes with the namespace.
		errs = slices.DeleteFunc(errs, apierrors.IsForbidden)
	}
	if len(errs) > 0 {
		return fmt.Errorf("deleting %s %s: %w", m.Head.Kind, m.Head.Metadata.Name, errors.Join(errs...))
	}
	return nil
}

// forget deletes Helm's records of the release.
func (s *session) forget(name string) error {
	past, err := s.past(name)
	if err != nil {
		return err
	}
	for _, r := range past {
		if _, err := s.Releases.Delete(r.Name, r.Version); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
			return fmt.Errorf("deleting revision %d of the release: %w", r.Version, err)
		}
	}
	return nil
}
