package release

import (
	"context"

	"helm.sh/helm/v3/pkg/release"
)

// admitGroups has the namespace admit pods in the groups of the releases'
// workloads, hooks included, and of no others, before any of them is made.
// What operators make of custom resources isn't known here: its pods are in
// their namespace's group. Where workloads have no groups it does nothing.
func (s *session) admitGroups(ctx context.Context, releases ...*release.Release) error {
	if s.client.rules.AsIs || s.client.rules.Groups == "" {
		return nil
	}
	groups, err := s.client.rules.GroupsOf(releases)
	if err != nil {
		return err
	}
	return s.cluster.tenants.AdmitGroups(ctx, s.client.Namespace, groups)
}
