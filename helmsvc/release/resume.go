package release

import (
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/resource"
)

// resume finishes an install whose process died while it waited: everything
// is made, and only readiness and Helm's own note of it are missing. Anything
// else is ErrLeftover.
func (s *session) resume(half *release.Release) error {
	if slices.ContainsFunc(half.Hooks, runsAfterInstall) {
		return ErrLeftover // whether it has run can't be told
	}
	resources, err := s.KubeClient.Build(strings.NewReader(half.Manifest), false)
	if err != nil {
		return fmt.Errorf("reading the half-made release: %w", err)
	}
	for _, info := range resources {
		_, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
		if apierrors.IsNotFound(err) {
			return ErrLeftover
		}
		if err != nil {
			return fmt.Errorf("looking for what was made: %w", err)
		}
	}
	if err := s.client.Wait(resources, 0); err != nil {
		return err
	}
	half.SetStatus(release.StatusDeployed, "Install complete")
	return s.Releases.Update(half)
}

func runsAfterInstall(hook *release.Hook) bool {
	return slices.Contains(hook.Events, release.HookPostInstall)
}
