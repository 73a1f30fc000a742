package instance

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// explainAccess adds what can be done where a plan's cluster doesn't accept the
// credentials any more. For some seconds after they were withdrawn it still
// knows them, and only what they allowed is gone.
func explainAccess(err error, i record.Instance) error {
	if i.Cluster == "" || !apierrors.IsUnauthorized(err) && !apierrors.IsForbidden(err) {
		return err
	}
	return fmt.Errorf("%w: the cluster of the instance's plan no longer accepts the plan's credentials, or they don't allow this; put a new `credentials` file into the plan, put the plan back if it has been removed, have the charts read again and try again", err)
}
