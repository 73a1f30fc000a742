package orphans

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// tombstone is the record of a binding that never was, by which the broker closes what it
// says: as it does for each binding that isn't wanted any more, but what others need.
func (f *finder) tombstone(instance string) record.Binding {
	return record.Binding{ID: "orphan." + uuid.NewString(), InstanceID: instance, Started: f.now.UTC(), State: record.Revoking}
}

// closing is the tombstone of a policy on a network.
func (f *finder) closing(p policy.Policy, network string) record.Binding {
	b := f.tombstone(cmp.Or(f.groups[p.Destination.ID], p.Destination.ID))
	b.Policies, b.Networks = []policy.Policy{p}, []string{network}
	b.SharedGroups = []string{p.Destination.ID} // bindings of whichever instance may need it
	return b
}

// placeholders looks for the instances of placeholder apps. One is taken for nobody's if
// Cloud Foundry has no such service instance of any broker, and no policy names the app.
func (f *finder) placeholders() {
	for _, p := range f.Placeholders {
		if f.groups[p.GUID] != "" || f.young(p.Created) {
			continue
		}
		f.strangers[p.GUID] = true
		why := "no service instance of this broker points to it"
		if !f.nobodys(p) {
			f.add(Placeholder, p.GUID, why, "if no other broker uses the space: cf curl -X DELETE /v3/apps/%s", p.GUID)
			continue
		}
		undo := f.tombstone(p.Instance)
		undo.Placeholder, undo.PlaceholderGUID = true, p.GUID
		f.addMendable(Placeholder, p.GUID, why+", and Cloud Foundry has no service instance "+p.Instance, "deletes it", undo)
	}
}

func (f *finder) nobodys(p c2c.Placeholder) bool {
	if p.Instance == "" || f.Foundation == nil || f.Policies == nil || slices.Contains(slices.Collect(maps.Values(f.Clusters)), nil) {
		return false
	}
	_, recorded := f.recorded[p.Instance]
	named := func(q policy.Policy) bool { return q.Source.ID == p.GUID || q.Destination.ID == p.GUID }
	its := func(b record.Binding) bool { return b.InstanceID == p.Instance }
	return !recorded && !f.Foundation.Any[p.Instance] && !f.strangers[p.Instance] && !slices.ContainsFunc(f.Policies, named) && !slices.ContainsFunc(f.Bindings, its)
}

// securityGroups looks for the instances of security groups, and for the bindings of their
// rules.
func (f *finder) securityGroups() {
	wanted := f.wantedOn(policy.SecurityGroup)
	for _, name := range slices.Sorted(maps.Keys(f.SecurityGroups)) {
		group := f.SecurityGroups[name]
		if f.young(group.Changed) {
			continue
		}
		if f.groups[group.Group] == "" {
			f.add(OfSecurityGroup, name, "no service instance of this broker is where it leads to", "if it is no other broker's: cf delete-security-group -f %s", name)
			continue
		}
		for _, p := range group.Policies {
			if !wanted.Has(p) {
				f.addMendable(Rule, name+" "+describe(p), "no binding opens it", "takes it out", f.closing(p, policy.SecurityGroup))
			}
		}
	}
}

// networkPolicies looks for the bindings of NetworkPolicies. On other clusters than the broker's
// own those are its that are in its instances' namespaces.
func (f *finder) networkPolicies() {
	wanted := map[string]bool{}
	for p := range f.wantedOn(policy.NetworkPolicy) {
		wanted[networkpolicy.KeyOf(f.Broker, p)] = true
	}
	for cluster, c := range f.clusters() {
		for _, n := range c.NetworkPolicies {
			in := func(i record.Instance) bool { return i.Cluster == cluster && i.Namespace == n.Namespace }
			if wanted[n.Key] || f.young(n.Created) || cluster != "" && !slices.ContainsFunc(f.Instances, in) {
				continue
			}
			f.networkPolicy(c, n)
		}
	}
}

func (f *finder) networkPolicy(c *Cluster, n networkpolicy.Found) {
	id := c.named(n.Namespace + "/" + n.Name)
	if !n.Told {
		f.add(NetworkPolicy, id, "no binding opens it, and it doesn't say any more what it is there for", "%s",
			c.command(fmt.Sprintf("kubectl -n %s delete networkpolicy %s", n.Namespace, n.Name)))
		return
	}
	f.addMendable(NetworkPolicy, id, "no binding opens "+describe(n.Policy), "deletes it", f.closing(n.Policy, policy.NetworkPolicy))
}

// wantedOn are the policies that records have on a network, also of what is being undone.
func (f *finder) wantedOn(network string) policy.Set {
	wanted := policy.Set{}
	for _, b := range f.Bindings {
		maps.Copy(wanted, policy.SetOf(b.PoliciesOn(network)))
	}
	return wanted
}

// policies looks for those that lead to this broker's policy groups and that no binding
// opens. Others' are others'. Somebody may have opened them by hand.
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
			text, _ := json.Marshal(map[string]any{"policies": []policy.Policy{p}}) // texts and numbers
			f.add(Policy, describe(p), "no binding opens it",
				"unless somebody has opened it by hand and needs it: cf curl -X POST /networking/v1/external/policies/delete -d %s", quoted(string(text)))
		}
	}
}

func describe(p policy.Policy) string {
	return fmt.Sprintf("%s → %s %s/%d-%d", p.Source.ID, p.Destination.ID, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End)
}
