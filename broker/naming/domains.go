package naming

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

const (
	// lookForDomains is how often Cloud Foundry's domains are looked at: an operator
	// may make one at any time.
	lookForDomains = time.Hour
	// lookForDomainsAgain is when they couldn't be read.
	lookForDomainsAgain = time.Minute
)

// Domains looks whether Cloud Foundry has a domain where the cluster's names are:
// routes there would be answered beside pods, or not at all.
type Domains struct {
	domain names.Domain
	list   func(context.Context) ([]string, error)
	log    lager.Logger

	mu      sync.Mutex
	problem error // guarded by mu
	known   bool  // whether they were ever read; guarded by mu
}

// NewDomains returns what looks at the domains that list gives; Run makes it look.
func NewDomains(domain names.Domain, list func(context.Context) ([]string, error), log lager.Logger) *Domains {
	return &Domains{domain: domain, list: list, log: log.Session("cf-domains"), problem: errors.New("Cloud Foundry's domains are being read for the first time")}
}

// Run looks now, and then every hour, until ctx ends. What it has found stays while
// Cloud Foundry can't be asked.
func (d *Domains) Run(ctx context.Context) {
	for {
		next := lookForDomains
		if !d.look(ctx) {
			next = lookForDomainsAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// Problem says which domains there must not be, or why that isn't known.
func (d *Domains) Problem() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.problem
}

// look tells whether the domains could be read.
func (d *Domains) look(ctx context.Context) bool {
	all, err := d.list(ctx)
	if ctx.Err() != nil {
		return false
	}
	found := d.judge(all)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		found = d.problem
		if !d.known {
			found = fmt.Errorf("whether Cloud Foundry has a domain within %s (CLUSTER_DOMAIN) isn't known, and there must be none; look by `cf domains` until it can be read: %w", d.domain, err)
		}
	}
	if found != nil && (d.problem == nil || d.problem.Error() != found.Error()) {
		d.log.Error("domains", found)
	}
	d.problem, d.known = found, d.known || err == nil
	return err == nil
}

// judge says which of the domains there must not be.
func (d *Domains) judge(all []string) error {
	met := slices.DeleteFunc(slices.Sorted(slices.Values(all)), func(domain string) bool { return !d.domain.Meets(domain) })
	if len(met) == 0 {
		return nil
	}
	const most = 5
	listed := strings.Join(met[:min(len(met), most)], ", ")
	if len(met) > most {
		listed += fmt.Sprintf(" and %d more", len(met)-most)
	}
	return fmt.Errorf("Cloud Foundry has the domain %s, where the names of service instances are, within %s (CLUSTER_DOMAIN): "+
		"a route there may lead apps to another's app instead of their service. Delete it, by `cf delete-shared-domain` or `cf delete-private-domain`, or give the cluster a domain of its own", listed, d.domain)
}
