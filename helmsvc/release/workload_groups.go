package release

import (
	"context"

	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// admitGroups has the namespace admit pods in the groups of the releases'
// workloads, hooks included, and of no others, before any of them is made.
// What operators make of custom resources isn't known here: its pods are in
// their namespace's group. Where workloads have no groups it does nothing.
func (s *session) admitGroups(ctx context.Context, releases ...*release.Release) error {
	if s.client.rules.AsIs || s.client.rules.Groups == "" {
		return nil
	}
	var all []manifest.Object
	for _, r := range releases {
		objects, err := s.read(r)
		if err != nil {
			return err
		}
		all = append(all, objects...)
	}
	return s.cluster.tenants.AdmitGroups(ctx, s.client.Namespace, s.client.rules.GroupsOf(all))
}
