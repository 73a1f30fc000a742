package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// CredHub keeps the credentials of bindings where only their apps read them. All methods
// can be repeated: what is there is put again, and what isn't is removed without an error.
type CredHub interface {
	// Name is where those of a new binding are to be kept.
	Name(service, binding string) string
	Keep(ctx context.Context, name, reader string, credentials json.RawMessage) error
	// Forget returns an error unless they are gone, and the reader's permission with them.
	Forget(ctx context.Context, name, reader string) error
	// Left returns those of the names that something is kept under, by one look.
	Left(ctx context.Context, names []string) ([]string, error)
}

// KeptFor is where the credentials of a new binding are to be kept; nil: the platform is
// given them as they are. So it is where nobody is named who would read them: a service key
// has no app, and Cloud Foundry names a client of its own for it only if that is set up.
func (a *Access) KeptFor(b record.Binding, service string) *record.CredHub {
	if a.settings.CredHub == nil || b.AppGUID == "" && b.CredentialClient == "" {
		return nil
	}
	reader := "mtls-app:" + b.AppGUID
	if b.AppGUID == "" {
		reader = "uaa-client:" + b.CredentialClient
	}
	return &record.CredHub{Name: a.settings.CredHub.Name(service, b.ID), Reader: reader}
}

// keep puts a binding's credentials where its record says that they are.
func (a *Access) keep(ctx context.Context, b record.Binding) error {
	if b.CredHub == nil {
		return nil
	}
	if a.settings.CredHub == nil {
		return errors.New("the binding's credentials were to be in CredHub, and CH_CRED_HUB_URL isn't set any more; unbind and bind again")
	}
	return fair.Aside(ctx, func(ctx context.Context) error {
		return a.settings.CredHub.Keep(ctx, b.CredHub.Name, b.CredHub.Reader, b.Credentials)
	})
}

// forget removes them.
func (a *Access) forget(ctx context.Context, b record.Binding) error {
	if b.CredHub == nil {
		return nil
	}
	if a.settings.CredHub == nil {
		a.log.Error("credentials-left", errors.New("the binding's credentials can't be removed from CredHub, since CH_CRED_HUB_URL isn't set any more; delete them by hand"),
			bindingData(b), lager.Data{"credential": b.CredHub.Name})
		return nil
	}
	if err := a.settings.CredHub.Forget(ctx, b.CredHub.Name, b.CredHub.Reader); err != nil {
		return fmt.Errorf("removing the credentials from CredHub: %w", err)
	}
	return nil
}

// vault is what was seen in CredHub: names that something is kept under.
type vault struct {
	found map[string]bool
	blind bool // nothing is known
}

// lookIntoVault looks for what bindings may have left in CredHub.
func (a *Access) lookIntoVault(ctx context.Context, bindings []record.Binding) (vault, error) {
	seen := vault{found: map[string]bool{}}
	var names []string
	for _, b := range bindings {
		if b.CredHub != nil {
			names = append(names, b.CredHub.Name)
		}
	}
	if len(names) == 0 || a.settings.CredHub == nil {
		return seen, nil
	}
	left, err := a.settings.CredHub.Left(ctx, names)
	if err != nil {
		return vault{blind: true}, fmt.Errorf("looking for credentials in CredHub: %w", err)
	}
	for _, name := range left {
		seen.found[name] = true
	}
	return seen, nil
}

func (v vault) finds(b record.Binding) bool  { return b.CredHub != nil && v.found[b.CredHub.Name] }
func (v vault) unsure(b record.Binding) bool { return b.CredHub != nil && v.blind }
