package register

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Pauses of a running broker, which has all the time that there is: within one attempt,
// and between attempts that were refused.
var (
	keepersPauses = pauses{first: time.Second, longest: time.Minute}
	afterRefusal  = pauses{first: 5 * time.Second, longest: 5 * time.Minute}
)

// Keeper registers the broker when its replica begins to lead, and when the catalog or the
// login has changed since.
type Keeper struct {
	registrar *Registrar
	services  func() (all []chart.Service, whole bool)
	log       lager.Logger
	again     chan struct{} // holds one
	problem   atomic.Pointer[error]
}

// Problem says why registering failed the last time, while this replica leads.
func (k *Keeper) Problem() error {
	if err := k.problem.Load(); err != nil {
		return *err
	}
	return nil
}

// NewKeeper returns a keeper. services is what is offered now; it isn't whole while a
// source of charts couldn't be asked: Cloud Foundry would delete the plans that are missing.
func NewKeeper(settings Settings, api *cfapi.Client, services func() (all []chart.Service, whole bool), log lager.Logger) *Keeper {
	log = log.Session("registering")
	r := New(settings, api, Teller{
		Done:    func(line string) { log.Info("changed", lager.Data{"what": line}) },
		Waiting: func(line string) { log.Info("waiting", lager.Data{"why": line}) },
	})
	r.pauses = keepersPauses
	return &Keeper{registrar: r, services: services, log: log, again: make(chan struct{}, 1)}
}

// Changed has a replica that leads look whether the broker is to be registered again: the
// catalog or the login may have changed.
func (k *Keeper) Changed() {
	select {
	case k.again <- struct{}{}:
	default: // it looks again anyway
	}
}

// Lead registers until ctx ends. What was refused is tried again too: somebody may
// have given the client a right, which nobody tells the broker.
func (k *Keeper) Lead(ctx context.Context) {
	defer k.problem.Store(nil)
	var registered *told
	for pause := afterRefusal.first; ; {
		services, whole := k.services()
		now := k.told(services)
		var later <-chan time.Time
		switch {
		case !whole:
			k.log.Info("waiting", lager.Data{"why": "a source of charts couldn't be asked, and Cloud Foundry would delete what is missing"})
		case registered != nil && now.equal(*registered):
		default:
			if err := k.register(ctx, services); err == nil {
				k.problem.Store(nil)
				registered, pause = &now, afterRefusal.first
				continue // the catalog may have changed meanwhile
			} else if ctx.Err() == nil {
				k.problem.Store(&err)
				k.log.Error("failed", err, lager.Data{"again-in": pause.String()})
			}
			later, pause = time.After(pause), min(2*pause, afterRefusal.longest)
		}
		select {
		case <-ctx.Done():
			return
		case <-k.again:
			pause = afterRefusal.first
		case <-later:
		}
	}
}

// register is done once Cloud Foundry has the plans of these very charts: it may have
// asked a replica that hadn't read them yet.
func (k *Keeper) register(ctx context.Context, services []chart.Service) error {
	result, err := k.registrar.Register(ctx, services)
	if err != nil {
		return err
	}
	if len(result.NotOffered) > 0 {
		return fmt.Errorf("the catalog that Cloud Foundry was given lacks %s: another replica may not have read its charts yet", strings.Join(result.NotOffered, ", "))
	}
	k.log.Info("registered", lager.Data{"name": k.registrar.settings.Name, "url": k.registrar.settings.URL, "changed": result.Changed})
	return nil
}

// told is what Cloud Foundry is told that may change while the broker runs.
type told struct {
	digests []string // of the charts
	login   Login
}

// told leaves out a login that can't be read now: registering says why.
func (k *Keeper) told(services []chart.Service) (now told) {
	for _, s := range services {
		now.digests = append(now.digests, s.Digest)
	}
	if login, err := k.registrar.settings.Login(); err == nil {
		now.login = login
	}
	return now
}

func (t told) equal(other told) bool {
	return t.login == other.login && slices.Equal(t.digests, other.digests)
}
