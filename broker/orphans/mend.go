package orphans

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// ErrKnown says that Cloud Foundry knows after all what a list of it didn't name.
var ErrKnown = errors.New("Cloud Foundry knows it after all")

// Mend records that what has no counterpart isn't wanted, if it is still as it was seen. The
// broker that leads then undoes it, by the way that it undoes a binding: nothing is closed
// that another binding needs by then.
func (s Source) Mend(ctx context.Context, o Orphan) error {
	if err := s.unknown(ctx, o); err != nil {
		return err
	}
	write := s.Records.CreateBinding
	if o.Kind == Binding {
		write = s.Records.UpdateBinding
	}
	_, err := write(ctx, o.undo)
	switch {
	case errors.Is(err, record.ErrConflict):
		return errors.New("somebody has changed it meanwhile")
	case err != nil:
		return fmt.Errorf("recording that it isn't wanted: %w", err)
	}
	return nil
}

// unknown asks Cloud Foundry for the very thing: a list that changes while its pages are read
// may leave something out.
func (s Source) unknown(ctx context.Context, o Orphan) error {
	id, ask := o.ID, list("list-service-bindings", "/service_credential_bindings")
	switch o.Kind {
	case Placeholder:
		id, ask = o.undo.InstanceID, list("list-service-instances", "/service_instances")
	case Binding:
	default:
		return nil
	}
	known := false
	err := cfapi.Pages(ctx, s.CF.API(), ask, url.Values{"guids": {id}}, func(r *resource.Resource) { known = known || r.GUID == id })
	if err == nil && known {
		return ErrKnown
	}
	return err
}

// Undone tells whether the broker has undone what Mend has recorded.
func (s Source) Undone(ctx context.Context, o Orphan) (bool, error) {
	_, err := s.Records.LiveBinding(ctx, o.undo.InstanceID, o.undo.ID)
	if errors.Is(err, record.ErrNotFound) {
		return true, nil
	}
	return false, err
}
