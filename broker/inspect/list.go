package inspect

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Filter selects instances; what is empty selects all.
type Filter struct {
	// Service is a chart's name.
	Service string
	State   record.State
}

// Listing is what `broker instances list --json` prints. It holds no secret.
type Listing struct {
	// Instances are those that failed, then those that an operation is running
	// on, then the others; the longest ago first.
	Instances []Summary `json:"instances"`
	// Owed counts tombstones of instances that are gone, whatever the filter: revoked
	// bindings whose policies or credentials may still be there.
	Owed int `json:"owed,omitempty"`
	// Damaged are the records of instances and bindings that can't be read. No
	// filter leaves them out, since nobody can tell what they are about.
	Damaged []Damaged `json:"damaged,omitempty"`
}

// Summary is one instance of a Listing.
type Summary struct {
	ID        string `json:"id"`
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
	// Organization is a GUID; the name is empty where the platform didn't say it.
	Organization     string `json:"organization_guid,omitempty"`
	OrganizationName string `json:"organization_name,omitempty"`
	// Service is the chart's name; empty for an instance that Kibosh has made.
	Service string `json:"service"`
	// Plan is the plan's name.
	Plan string `json:"plan"`
	// Version is the chart's.
	Version string `json:"version"`
	// Operation is the running or last one: create, update or delete.
	Operation string `json:"operation"`
	// State is the operation's: in progress, succeeded or failed.
	State string `json:"state"`
	// Started is when the operation was asked for.
	Started time.Time `json:"started"`
	// Reason is why the operation failed or is held up, or how far it is.
	Reason string `json:"reason,omitempty"`
	// Bindings counts service bindings and keys, without tombstones.
	Bindings int `json:"bindings"`
	// Tombstones counts revoked bindings whose policies may still be open.
	Tombstones int `json:"tombstones,omitempty"`
}

// List reads the records of all instances.
func (in *Inspector) List(ctx context.Context, only Filter) (Listing, error) {
	instances, err := in.records.LiveInstances(ctx)
	damaged, err := damagedIn(err)
	if err != nil {
		return Listing{}, err
	}
	all := Listing{Instances: []Summary{}, Damaged: damaged}
	bindings, err := in.records.AllLiveBindings(ctx)
	if damaged, err = damagedIn(err); err != nil {
		return Listing{}, err
	}
	all.Damaged = append(all.Damaged, damaged...)
	live, revoked := count(bindings)
	for _, i := range instances {
		if only.lets(i) {
			s := summary(i)
			s.Bindings, s.Tombstones = live[i.ID], revoked[i.ID]
			all.Instances = append(all.Instances, s)
		}
		delete(revoked, i.ID)
	}
	for _, gone := range revoked {
		all.Owed += gone
	}
	slices.SortFunc(all.Instances, urgent)
	return all, nil
}

func (f Filter) lets(i record.Instance) bool {
	return (f.Service == "" || f.Service == i.Chart.Name) && (f.State == "" || f.State == i.Operation.State)
}

// count counts bindings, and tombstones, by instance.
func count(bindings []record.Binding) (live, revoked map[string]int) {
	live, revoked = map[string]int{}, map[string]int{}
	for _, b := range bindings {
		if b.State == record.Revoking {
			revoked[b.InstanceID]++
			continue
		}
		if b.ID != record.OwnAccess {
			live[b.InstanceID]++
		}
	}
	return live, revoked
}

func summary(i record.Instance) Summary {
	return Summary{
		ID:        i.ID,
		ServiceID: i.ServiceID, PlanID: i.PlanID,
		Organization: i.OrganizationGUID, OrganizationName: namesIn(i.Context).Organization,
		Service:   i.Chart.Name,
		Plan:      planName(i.ServiceID, i.PlanID),
		Version:   i.Chart.Version,
		Operation: string(i.Operation.Type),
		State:     string(i.Operation.State),
		Started:   i.Operation.Started,
		Reason:    string(i.Operation.Description),
	}
}

// urgent orders by what an operator has to look at first.
func urgent(a, b Summary) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
}

func rank(s Summary) int {
	switch record.State(s.State) {
	case record.Failed:
		return 0
	case record.InProgress:
		return 1
	}
	return 2
}
