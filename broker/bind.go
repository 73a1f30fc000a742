package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Bind answers PUT …/service_bindings/{id} (OSBAPI "Binding"). The same
// request again gets the same credentials. Without an app it makes a service
// key, which opens no access. If no pod of the instance is ready and the
// platform allows it, the binding is made after the answer.
func (b *Broker) Bind(ctx context.Context, instanceID, id string, details domain.BindDetails, asyncAllowed bool) (domain.Binding, error) {
	ctx = b.forSpace(ctx, instanceID, "")
	wanted := record.Binding{
		ID:         id,
		InstanceID: instanceID,
		ServiceID:  details.ServiceID,
		PlanID:     details.PlanID,
		AppGUID:    appGUID(details),
		SpaceGUID:  spaceGUID(details),
		Parameters: details.RawParameters,
		Origin:     origin(ctx),

		CredentialClient: credentialClient(details),
	}
	if err := b.checkBind(wanted, details); err != nil {
		return domain.Binding{}, err
	}
	bound, instance, err := b.bindings.Bind(ctx, wanted, asyncAllowed)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.Binding{}, b.absent(ctx, instanceID, details.PlanID)
	case errors.Is(err, record.ErrExists) && bound.ID != "":
		return existingBinding(instance, bound, wanted, asyncAllowed)
	case err != nil:
		return domain.Binding{}, failure(ctx, err)
	}
	return made(bound), nil
}

// made is the answer for a binding that is made, or on its way.
func made(b record.Binding) domain.Binding {
	if b.State != record.Bound {
		return domain.Binding{IsAsync: true, OperationData: b.Operation.ID}
	}
	return domain.Binding{Credentials: b.Issued()}
}

func appGUID(details domain.BindDetails) string {
	if details.BindResource != nil && details.BindResource.AppGuid != "" {
		return details.BindResource.AppGuid
	}
	return details.AppGUID
}

// spaceGUID is the app's space, where the platform names it.
func spaceGUID(details domain.BindDetails) string {
	if details.BindResource == nil {
		return ""
	}
	return details.BindResource.SpaceGuid
}

// credentialClient is the UAA client that reads a service key's credentials in CredHub
// (OSBAPI's profile, "Bind Resource Object"): the cloud controller's own, by which it shows
// them.
func credentialClient(details domain.BindDetails) string {
	if details.BindResource == nil {
		return ""
	}
	return details.BindResource.CredentialClientID
}

func (b *Broker) checkBind(wanted record.Binding, details domain.BindDetails) error {
	if err := b.checkIDs(wanted.InstanceID, wanted.ID); err != nil {
		return err
	}
	if details.BindResource != nil && details.BindResource.Route != "" {
		return badRequest("services of this broker can't be bound to routes")
	}
	if wanted.AppGUID != "" && !policy.ValidID(wanted.AppGUID) {
		return badRequest("app_guid %.70q is not a lower-case UUID", wanted.AppGUID)
	}
	if len(wanted.CredentialClient) > longestClient {
		return badRequest("credential_client_id is longer than %d characters", longestClient)
	}
	return checkParameters(wanted.Parameters)
}

// longestClient is the longest id of a client in UAA's own tables.
const longestClient = 255

// existingBinding answers for a binding whose id is taken. The plan may be the
// one that the instance had when the binding was made, or the one it has now.
func existingBinding(i record.Instance, b, wanted record.Binding, asyncAllowed bool) (domain.Binding, error) {
	samePlan := wanted.PlanID == b.PlanID || wanted.PlanID == i.PlanID
	if b.ServiceID != wanted.ServiceID || !samePlan || b.AppGUID != wanted.AppGUID || !sameParameters(b.Parameters, wanted.Parameters) {
		return domain.Binding{}, conflict("the binding %s exists already, for another app, service or plan or with other parameters", b.ID)
	}
	answer := made(b)
	if answer.IsAsync && !asyncAllowed {
		return domain.Binding{}, apiresponses.ErrAsyncRequired
	}
	answer.AlreadyExists = !answer.IsAsync
	return answer, nil
}
