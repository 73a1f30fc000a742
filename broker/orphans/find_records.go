package orphans

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// instances compares the records of instances with Cloud Foundry's.
func (f *finder) instances(cf Foundation) {
	for _, i := range f.Instances {
		if _, known := cf.Instances[i.ID]; known || i.Operation.Running() || f.young(i.Operation.Started) {
			continue
		}
		f.add(Instance, i.ID, "the broker has it, and Cloud Foundry doesn't know it",
			"unless another platform has it: %s deletes it with its data", f.delete("/v2/service_instances/%s?service_id=%s&plan_id=%s&accepts_incomplete=true", i.ID, i.ServiceID, i.PlanID))
	}
	for _, id := range slices.Sorted(maps.Keys(cf.Instances)) {
		known := cf.Instances[id]
		if _, recorded := f.recorded[id]; !recorded && !known.Busy && !f.young(known.Created) {
			f.add(Instance, id, "Cloud Foundry has it, and the broker has no record of it", "cf purge-service-instance %s in its space, or cf curl -X DELETE '/v3/service_instances/%s?purge=true'", quoted(known.Name), id)
		}
	}
}

// delete is a command that sends a request to the broker.
func (f *finder) delete(path string, arguments ...any) string {
	return fmt.Sprintf(`curl -u "$SECURITY_USER_NAME:$SECURITY_USER_PASSWORD" -H 'X-Broker-API-Version: 2.17' -X DELETE '`+f.URL+path+`'`, arguments...)
}

// bindings compares the records of bindings with Cloud Foundry's. What it doesn't know of an
// instance that it does know is nobody's: an instance is one platform's alone.
func (f *finder) bindings(cf Foundation) {
	for _, b := range f.Bindings {
		_, known := cf.Bindings[b.ID]
		if known || !ofPlatform(b) || b.State != record.Bound || f.young(b.Started) {
			continue
		}
		why := fmt.Sprintf("the broker has it, of service instance %s, and Cloud Foundry doesn't know it: access of app %s stays open", b.InstanceID, b.AppGUID)
		if b.AppGUID == "" {
			why = fmt.Sprintf("the broker has it, of service instance %s, and Cloud Foundry doesn't know it", b.InstanceID)
		}
		if instance, known := cf.Instances[b.InstanceID]; known && !instance.Busy {
			b.State = record.Revoking
			f.addMendable(Binding, b.ID, why, "unbinds it", b)
			continue
		}
		f.add(Binding, b.ID, why, "unless another platform has it: %s",
			f.delete("/v2/service_instances/%s/service_bindings/%s?service_id=%s&plan_id=%s", b.InstanceID, b.ID, b.ServiceID, b.PlanID))
	}
	for _, id := range slices.Sorted(maps.Keys(cf.Bindings)) {
		known := cf.Bindings[id]
		if _, recorded := f.bound[[2]string{known.Instance, id}]; !recorded && !known.Busy && !f.young(known.Created) {
			f.add(Binding, id, fmt.Sprintf("Cloud Foundry has it, of service instance %s, and the broker has no record of it: its credentials may work, and access isn't kept open", known.Instance),
				"cf curl -X DELETE /v3/service_credential_bindings/%s, and bind again", id)
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
		f.add(Binding, b.ID, fmt.Sprintf("its service instance %s has no record", b.InstanceID),
			"broker instances forget %s tells what is recorded of it and how to close its policies by hand; with --yes it removes that", b.InstanceID)
	}
}

// namespaces looks for the instances of namespaces.
func (f *finder) namespaces() {
	for _, c := range f.clusters() {
		for _, n := range c.Namespaces {
			if _, recorded := f.recorded[n.Instance]; recorded || f.young(n.Created) || f.mayBeOthers(c, n.Instance) {
				continue
			}
			f.strangers[n.Instance] = true
			f.add(OfNamespace, c.named(n.Name), fmt.Sprintf("it is of service instance %s, of which there is no record", n.Instance),
				"a create or delete of that id adopts it; else %s", c.command("kubectl delete namespace "+n.Name+", which deletes its data"))
		}
	}
}

// mayBeOthers tells whether what has no record may be another broker's: on the broker's own
// cluster the names of namespaces tell, elsewhere Cloud Foundry does.
func (f *finder) mayBeOthers(c *Cluster, instance string) bool {
	return c.Server != "" && (f.Foundation == nil || f.Foundation.Any[instance])
}

// ownNamespaces looks for the namespaces of instances that are there. Those of Kibosh's, which
// have no chart, aren't looked at.
func (f *finder) ownNamespaces() {
	for _, i := range f.Instances {
		o, c := i.Operation, f.Clusters[i.Cluster]
		if c == nil || c.Present[i.Namespace] || i.Chart.Name == "" || o.State != record.Succeeded || f.young(o.Started) {
			continue
		}
		f.add(Instance, i.ID, fmt.Sprintf("its namespace %s is gone, and its data with it", c.named(i.Namespace)), "cf delete-service, and create it again")
	}
}
