package helmsvc

import (
	"fmt"
	"regexp"
	"strings"
)

// explained adds to what Kubernetes says of a right that the instance lacks
// where the right could come from, and likewise to what it says of a pod that
// isn't allowed. Helm keeps of some errors only the words, so they are all that
// can be gone by.
func (s *session) explained(err error) error {
	if strings.Contains(err.Error(), "violates PodSecurity") {
		return fmt.Errorf("%w; change the chart, or let the plan say another `pod_security`, such as privileged", err)
	}
	if s.client.broker == nil || !strings.Contains(err.Error(), accountUser(s.client.Namespace)) {
		return err
	}
	const grant = "whoever runs the cluster can add it by a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin=true"
	if strings.Contains(err.Error(), "is attempting to grant RBAC permissions not currently held") {
		return fmt.Errorf("%w; a chart's roles can't grant more than the role %s allows in the service instance's namespace; %s", err, instanceRole, grant)
	}
	lacked := lacking.FindStringSubmatch(err.Error())
	switch {
	case lacked == nil:
		return err
	case lacked[2] == fmt.Sprintf(`in the namespace "%s"`, s.client.Namespace):
		return fmt.Errorf("%w; %s aren't among what the role %s allows, with which a chart acts in its service instance's namespace; %s", err, lacked[1], instanceRole, grant)
	}
	return fmt.Errorf("%w; a chart, and what its templates look up, is confined to its service instance's namespace", err)
}

// lacking matches Kubernetes' words for a right that an account doesn't have.
var lacking = regexp.MustCompile(`cannot \S+ resource "([^"]+)" in API group "[^"]*" (at the cluster scope|in the namespace "[^"]*")`)
