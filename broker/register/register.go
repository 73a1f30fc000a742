package register

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Settings are what Cloud Foundry is told of the broker.
type Settings struct {
	// Name is the service broker's, and URL where Cloud Foundry reaches it.
	Name, URL string
	// TakeOver lets one that is another's, by its URL and its plans, be replaced or deleted.
	TakeOver bool
	// Login is asked before each attempt: what Cloud Foundry signs in with may change meanwhile.
	Login func() (Login, error)
}

// Login is a user with a password.
type Login struct{ Username, Password string }

// Teller is told what happens, a line each.
type Teller struct {
	// Done is told of what was changed.
	Done func(line string)
	// Waiting is told why something is tried again.
	Waiting func(line string)
}

// Registrar registers one broker.
type Registrar struct {
	settings Settings
	cf       cloudController
	tell     Teller
	pauses   pauses
}

// New returns a registrar; it sends no request.
func New(settings Settings, api *cfapi.Client, tell Teller) *Registrar {
	return &Registrar{settings: settings, cf: cloudController{api}, tell: tell, pauses: usualPauses}
}

// Result is what Register has found.
type Result struct {
	// Changed tells whether anything is now different.
	Changed bool
	// NotOffered are the plans that the charts have, and the broker's catalog not, or
	// in another version.
	NotOffered []string
	// Unknown are the plans that the broker's catalog has, and the charts not: their
	// access is as it was.
	Unknown []string
}

// Register creates or updates the service broker, has Cloud Foundry read its catalog,
// and enables access to each plan as its chart says. What passes by itself is tried
// again for as long as ctx lasts. An organization that isn't there is an error, after
// everything else was done.
func (r *Registrar) Register(ctx context.Context, services []chart.Service) (Result, error) {
	changed := &changes{tell: r.tell.Done}
	var before standing
	if err := r.again(ctx, func() error { return r.ensure(ctx, services, &before) }); err != nil {
		return Result{}, fmt.Errorf("registering the service broker %s: %w", r.settings.Name, err)
	}
	var after standing
	if err := r.again(ctx, func() error { return r.look(ctx, &after) }); err != nil {
		return Result{}, fmt.Errorf("reading what Cloud Foundry has of the catalog: %w", err)
	}
	changed.tellBroker(before.broker, after.broker)
	changed.tellOffers(before.offers, after.offers)
	result := compare(services, after.offers)
	err := r.enableAccess(ctx, wantedAccess(services), after.offers, changed)
	result.Changed = changed.any
	return result, err
}

// standing is what Cloud Foundry has of the broker.
type standing struct {
	looked bool
	broker *resource.ServiceBroker // nil: none
	offers offers
}

var errGone = errors.New("it was registered and isn't there any more; somebody else has deleted it or changed its name")

// ensure has the service broker be there as the settings say, with the catalog of now.
// before is what was there when it was first looked.
func (r *Registrar) ensure(ctx context.Context, services []chart.Service, before *standing) error {
	found, err := r.cf.findBroker(ctx, r.settings.Name)
	if err != nil {
		return err
	}
	now := standing{looked: true, broker: found}
	if found != nil {
		if space := found.Relationships.Space.Data; space != nil && space.GUID != "" {
			return errors.New("there is one of that name for a single space alone, whose plans Cloud Foundry shows to no other; have it deleted, or set another CF_BROKER_NAME")
		}
		if now.offers, err = r.cf.offersOf(ctx, found.GUID); err != nil {
			return err
		}
		if err := isOurs(r.settings.URL, services, found, now.offers); err != nil && !r.settings.TakeOver {
			return err
		}
	}
	if !before.looked {
		*before = now
	}
	login, err := r.settings.Login()
	if err != nil {
		return err
	}
	if found == nil {
		return r.explained(r.cf.createBroker(ctx, r.settings, login))
	}
	return r.explained(r.cf.updateBroker(ctx, found.GUID, r.settings.URL, login))
}

// look reads what is there now.
func (r *Registrar) look(ctx context.Context, now *standing) (err error) {
	if now.broker, err = r.cf.findBroker(ctx, r.settings.Name); err != nil {
		return err
	}
	if now.broker == nil {
		return errGone
	}
	now.offers, err = r.cf.offersOf(ctx, now.broker.GUID)
	return err
}

// offers are a broker's plans in Cloud Foundry by their ids in the catalog.
type offers map[string]offered

type offered struct {
	service *resource.ServiceOffering
	plan    *resource.ServicePlan
}

func (o offered) name() string { return o.service.Name + "/" + o.plan.Name }

// sorted are the ids of the plans in the order of their names.
func (o offers) sorted() []string {
	return slices.SortedFunc(maps.Keys(o), func(a, b string) int {
		return cmp.Or(strings.Compare(o[a].name(), o[b].name()), strings.Compare(a, b))
	})
}

// compare holds the plans of charts against those that Cloud Foundry has got.
func compare(services []chart.Service, have offers) (result Result) {
	known := map[string]bool{}
	for _, s := range services {
		for _, p := range s.Plans {
			known[p.ID] = true
			got, ok := have[p.ID]
			if !ok || !got.plan.Available || got.plan.MaintenanceInfo.Version != s.Version() {
				result.NotOffered = append(result.NotOffered, s.Name+"/"+p.Name+" "+s.Version())
			}
		}
	}
	for _, id := range have.sorted() {
		if have[id].plan.Available && !known[id] {
			result.Unknown = append(result.Unknown, have[id].name())
		}
	}
	return result
}
