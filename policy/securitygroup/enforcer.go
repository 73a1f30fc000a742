package securitygroup

import (
	"cmp"
	"context"
	"hash/maphash"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Admin says what the UAA client needs: nobody else makes security groups
// (https://v3-apidocs.cloudfoundry.org/#create-a-security-group, "Permitted roles").
const Admin = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin, which security groups need"

// DefaultMaxRules bounds a group unless Settings say otherwise. The cloud controller
// takes 16 MiB of rules, some 60,000; each cell has all of a space's in its iptables.
const DefaultMaxRules = 1000

// Settings are the operator's choices.
type Settings struct {
	// Staging has apps reach the pods while they are staged too.
	Staging bool
	// MaxRules is how many rules a group may hold; 0: DefaultMaxRules. There is one
	// for each policy and range of addresses.
	MaxRules int
}

// Enforcer has policies be true as rules of security groups. Its methods may be called
// from any number of goroutines.
type Enforcer struct {
	api      *cfapi.Client
	ends     Ends
	settings Settings

	// turns are taken by who changes a group, each for some of the groups: updates in
	// the cloud controller have no precondition.
	turns [64]chan struct{}
	seed  maphash.Seed
}

// New returns an enforcer; it sends no request. The calls that the connection's
// observer is told of are "list-security-groups", "find-security-group",
// "create-security-group", "update-security-group", "bind-security-group",
// "delete-security-group" and "read-job".
func New(api *cfapi.Client, ends Ends, settings Settings) *Enforcer {
	settings.MaxRules = cmp.Or(settings.MaxRules, DefaultMaxRules)
	e := &Enforcer{api: api, ends: ends, settings: settings, seed: maphash.MakeSeed()}
	for i := range e.turns {
		e.turns[i] = make(chan struct{}, 1)
	}
	return e
}

// turn waits until nobody else of this process changes the group of that name.
func (e *Enforcer) turn(ctx context.Context, name string) (release func(), err error) {
	turn := e.turns[maphash.String(e.seed, name)%uint64(len(e.turns))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
