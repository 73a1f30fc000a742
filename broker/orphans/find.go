package orphans

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Orphan is something without a counterpart.
type Orphan struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Why says what is missing, and Cure what would mend it.
	Why  string `json:"why"`
	Cure string `json:"cure"`
}

// The kinds.
const (
	Instance    = "service instance"
	Binding     = "service binding"
	OfNamespace = "namespace"
	Placeholder = "placeholder app"
	Policy      = "policy"
	// SecurityGroup is an application security group of Cloud Foundry's.
	SecurityGroup = "security group"
)

// finder looks through a world at a time.
type finder struct {
	World
	now       time.Time
	age       time.Duration
	recorded  map[string]record.Instance
	bound     map[[2]string]record.Binding // by instance's and binding's id
	groups    map[string]bool              // policy groups of what is recorded
	orphans   []Orphan
	strangers map[string]bool // policy groups of what has no record
}

// Find returns what has no counterpart. What is under way, or younger than age, isn't looked
// at: it may be being made.
func Find(w World, now time.Time, age time.Duration) []Orphan {
	f := &finder{World: w, now: now, age: age, recorded: map[string]record.Instance{}, bound: map[[2]string]record.Binding{}, groups: map[string]bool{}, strangers: map[string]bool{}}
	for _, i := range w.Instances {
		f.recorded[i.ID] = i
	}
	for _, b := range w.Bindings {
		f.bound[[2]string{b.InstanceID, b.ID}] = b
	}
	if w.Foundation != nil {
		f.instances(*w.Foundation)
		f.bindings(*w.Foundation)
	}
	f.ownBindings()
	f.namespaces()
	f.ownNamespaces()
	f.readGroups()
	f.placeholders()
	f.securityGroups()
	f.policies()
	return f.orphans
}

func (f *finder) add(kind, id, why, cure string, arguments ...any) {
	f.orphans = append(f.orphans, Orphan{kind, id, why, fmt.Sprintf(cure, arguments...)})
}

func (f *finder) young(at time.Time) bool { return f.now.Sub(at) < f.age }

// instances compares the records of instances with Cloud Foundry's.
func (f *finder) instances(cf Foundation) {
	for _, i := range f.Instances {
		if _, known := cf.Instances[i.ID]; known || i.Operation.Running() || f.young(i.Operation.Started) {
			continue
		}
		f.add(Instance, i.ID, "the broker has it, and Cloud Foundry doesn't know it",
			"unless another platform has it, DELETE it at the broker, which deletes its data: /v2/service_instances/%s?service_id=%s&plan_id=%s&accepts_incomplete=true", i.ID, i.ServiceID, i.PlanID)
	}
	for _, id := range slices.Sorted(maps.Keys(cf.Instances)) {
		known := cf.Instances[id]
		if _, recorded := f.recorded[id]; !recorded && !known.Busy && !f.young(known.Created) {
			f.add(Instance, id, "Cloud Foundry has it, and the broker has no record of it", "cf purge-service-instance %s in its space, or cf curl -X DELETE '/v3/service_instances/%s?purge=true'", known.Name, id)
		}
	}
}

// bindings compares the records of bindings with Cloud Foundry's.
func (f *finder) bindings(cf Foundation) {
	for _, b := range f.Bindings {
		_, known := cf.Bindings[b.ID]
		if known || !ofPlatform(b) || b.State != record.Bound || f.young(b.Started) {
			continue
		}
		f.add(Binding, b.ID, fmt.Sprintf("the broker has it, of service instance %s, and Cloud Foundry doesn't know it: access of app %s stays open", b.InstanceID, b.AppGUID),
			"DELETE it at the broker: /v2/service_instances/%s/service_bindings/%s?service_id=%s&plan_id=%s", b.InstanceID, b.ID, b.ServiceID, b.PlanID)
	}
	for _, id := range slices.Sorted(maps.Keys(cf.Bindings)) {
		known := cf.Bindings[id]
		if _, recorded := f.bound[[2]string{known.Instance, id}]; !recorded && !known.Busy && !f.young(known.Created) {
			f.add(Binding, id, fmt.Sprintf("Cloud Foundry has it, of service instance %s, and the broker has no record of it: its credentials may work, and access isn't kept open", known.Instance),
				"cf unbind-service, or cf delete-service-key, and bind again")
		}
	}
}

// ofPlatform tells whether a platform has asked for the binding.
func ofPlatform(b record.Binding) bool { return b.ID != record.OwnAccess && b.Operator == nil }

// ownBindings looks for the instances of bindings.
func (f *finder) ownBindings() {
	for _, b := range f.Bindings {
		if _, recorded := f.recorded[b.InstanceID]; recorded || b.Operator != nil || b.State == record.Revoking || f.young(b.Started) {
			continue
		}
		f.add(Binding, b.ID, fmt.Sprintf("its service instance %s has no record", b.InstanceID), "broker instances forget %s --yes removes what is recorded of it, once its policies are closed by hand", b.InstanceID)
	}
}

// namespaces looks for the instances of namespaces.
func (f *finder) namespaces() {
	for _, n := range f.Namespaces {
		if _, recorded := f.recorded[n.Instance]; recorded || f.young(n.Created) {
			continue
		}
		f.strangers[n.Instance] = true
		f.add(OfNamespace, n.Name, fmt.Sprintf("it is of service instance %s, of which there is no record", n.Instance),
			"a create or delete of that id adopts it; else kubectl delete namespace %s, which deletes its data", n.Name)
	}
}

// ownNamespaces looks for the namespaces of instances that are there. Those on clusters of
// their own aren't looked at, nor Kibosh's, which have no chart.
func (f *finder) ownNamespaces() {
	for _, i := range f.Instances {
		o := i.Operation
		if f.Present == nil || f.Present[i.Namespace] || i.Cluster != "" || i.Chart.Name == "" || o.State != record.Succeeded || f.young(o.Started) {
			continue
		}
		f.add(Instance, i.ID, fmt.Sprintf("its namespace %s is gone, and its data with it", i.Namespace), "cf delete-service, and create it again")
	}
}

// readGroups notes the policy groups of what is recorded.
func (f *finder) readGroups() {
	for _, i := range f.Instances {
		f.groups[i.ID], f.groups[i.PolicyGroup] = true, true
		for _, former := range i.FormerGroups {
			f.groups[former] = true
		}
	}
	for _, b := range f.Bindings {
		f.groups[b.PlaceholderGUID] = true
		for _, p := range b.Policies {
			f.groups[p.Destination.ID] = true
		}
	}
}

// placeholders looks for the instances of placeholder apps.
func (f *finder) placeholders() {
	for _, guid := range slices.Sorted(maps.Keys(f.Placeholders)) {
		if !f.groups[guid] {
			f.strangers[guid] = true
			f.add(Placeholder, guid, "no service instance of this broker points to it", "if no other broker uses the space: cf curl -X DELETE /v3/apps/%s", guid)
		}
	}
}

// securityGroups looks for the instances of security groups.
func (f *finder) securityGroups() {
	for _, name := range slices.Sorted(maps.Keys(f.SecurityGroups)) {
		if !f.groups[f.SecurityGroups[name]] {
			f.add(SecurityGroup, name, "no service instance of this broker is where it leads to", "if it is no other broker's: cf delete-security-group %s", name)
		}
	}
}

// policies looks for those that lead to this broker's policy groups and that no binding
// opens. Others' are others'.
func (f *finder) policies() {
	wanted, ours := policy.Set{}, maps.Clone(f.strangers)
	for _, b := range f.Bindings {
		for _, p := range b.Policies {
			wanted[p], ours[p.Destination.ID] = struct{}{}, true
		}
	}
	for _, i := range f.Instances {
		if f.young(i.Operation.Started) {
			continue
		}
		ours[i.PolicyGroup] = true
	}
	for _, p := range f.Policies {
		if ours[p.Destination.ID] && !wanted.Has(p) {
			f.add(Policy, fmt.Sprintf("%s → %s %s/%d-%d", p.Source.ID, p.Destination.ID, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End),
				"no binding opens it", "unless somebody has opened it by hand and needs it, delete it by POST /networking/v1/external/policies/delete")
		}
	}
}
