package inspect

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Show reads everything about an instance. Parameters' values and credentials
// are left out unless secrets is true. What can't be read is named in the
// answer, and doesn't keep the rest from being read.
func (in *Inspector) Show(ctx context.Context, id string, secrets bool) (Details, error) {
	i, err := in.find(ctx, id)
	if err != nil {
		return Details{}, err
	}
	d := details(i, secrets)
	in.readBindings(ctx, &d, secrets)
	if i.Cluster == "" {
		in.readCluster(ctx, &d)
		d.findStale()
		in.findStaleShared(ctx, &d)
	}
	return d, nil
}

// findStale finds the bindings that were issued addresses which no pod has.
func (d *Details) findStale() {
	have := map[string]bool{}
	for _, p := range d.Pods {
		have[p.IP] = true
	}
	for n, b := range d.Bindings {
		for _, host := range b.Hosts {
			if !have[host] {
				d.Bindings[n].Stale = append(d.Bindings[n].Stale, host)
			}
		}
	}
}

// findStaleShared does the same for the addresses of shared services.
func (in *Inspector) findStaleShared(ctx context.Context, d *Details) {
	for n, b := range d.Bindings {
		for _, s := range b.Destinations {
			pods, err := in.bounded.CoreV1().Pods(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: s.Selector})
			if err != nil {
				d.unread("the pods of the shared service "+s.Name, err)
				continue
			}
			for _, host := range s.Hosts {
				has := func(p corev1.Pod) bool { return p.Status.PodIP == host }
				if !slices.ContainsFunc(pods.Items, has) {
					d.Bindings[n].Stale = append(d.Bindings[n].Stale, host)
				}
			}
		}
	}
}

func details(i record.Instance, secrets bool) Details {
	d := Details{
		ID: i.ID, Kibosh: i.Kibosh,
		Service: i.Chart.Name, Plan: planName(i.ServiceID, i.PlanID), ServiceID: i.ServiceID, PlanID: i.PlanID,
		Version: i.Chart.Version, Digest: i.Chart.Digest,
		OrganizationGUID: i.OrganizationGUID, SpaceGUID: i.SpaceGUID, Names: namesIn(i.Context),
		Namespace: i.Namespace, ReleaseName: i.Release, Cluster: i.Cluster, KeepData: i.KeepData,
		PolicyGroup: i.PolicyGroup, PolicyDestination: i.Destination, FormerGroups: i.FormerGroups,
		Operation:  operationOf(i.Operation),
		Parameters: parameters(i.Parameters, secrets),
		Pods:       []Pod{}, Bindings: []Binding{}, Tombstones: []Binding{},
	}
	if u := i.Update; u != nil {
		d.Update = &Update{
			Plan: planName(i.ServiceID, u.PlanID), Service: u.Chart.Name, Version: u.Chart.Version, Digest: u.Chart.Digest,
			Parameters: parameters(u.Parameters, secrets),
		}
	}
	return d
}

func operationOf(o record.Operation) Operation {
	return Operation{
		ID: o.ID, Type: string(o.Type), State: string(o.State), Description: string(o.Description),
		Started: o.Started, Begun: o.Begun, Attempt: o.Attempt, Holders: o.Holders, HeldUp: string(o.HeldUp), Request: requestOf(o.Origin),
	}
}

func (in *Inspector) readBindings(ctx context.Context, d *Details, secrets bool) {
	bindings, err := in.records.LiveBindings(ctx, d.ID)
	if d.Damaged, err = damagedIn(err); err != nil {
		d.unread("the bindings", err)
	}
	for _, b := range bindings {
		shown := bindingOf(b, secrets)
		if b.State == record.Revoking {
			d.Tombstones = append(d.Tombstones, shown)
			continue
		}
		if b.ID == record.OwnAccess {
			d.OwnPolicies = shown.Policies
			continue
		}
		d.Bindings = append(d.Bindings, shown)
	}
}

func bindingOf(b record.Binding, secrets bool) Binding {
	shown := Binding{
		ID: b.ID, App: b.AppGUID, State: string(b.State), Policies: append([]policy.Policy{}, b.Policies...), Networks: b.On(), Hosts: b.Hosts, Destinations: b.Destinations,
		Request: requestOf(b.Origin), Parameters: parameters(b.Parameters, secrets),
	}
	if b.CredHub != nil {
		shown.CredHub = b.CredHub.Name
	}
	if b.Operation != nil {
		shown.Description = string(b.Operation.Description)
	}
	if secrets {
		shown.Credentials = b.Credentials
	}
	return shown
}

func (d *Details) unread(what string, err error) {
	d.Unread = append(d.Unread, fmt.Sprintf("%s can't be read: %v", what, err))
}
