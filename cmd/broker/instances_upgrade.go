package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

// upgradeInstances brings instances to the versions that the running broker offers. It
// fails unless all of them are there in the end.
func upgradeInstances(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	client, err := newUpgradeClient(a.upgrade.url)
	if err != nil {
		return err
	}
	offer, err := client.Offered(ctx)
	if err != nil {
		return fmt.Errorf("%w; --url says where the broker is", err)
	}
	listed, err := inspector.List(ctx, inspect.Filter{Service: a.service})
	if err != nil {
		return err
	}
	instances, only := upgradable(listed), a.upgrade.filter(a.service)
	if err := only.Check(instances, offer); err != nil {
		return err
	}
	choice := upgrade.Choose(instances, only, offer)
	report := newUpgradeReport(stdout, a.json, choice, listed.Damaged)
	if a.upgrade.dryRun {
		return report.dryRun()
	}
	report.begin(a.upgrade.pace)
	left := upgrade.Run(ctx, choice.Steps, a.upgrade.pace, client.Upgrade, report.ended)
	return report.end(ctx, left)
}

// upgradable are the instances as package upgrade sees them.
func upgradable(listed inspect.Listing) []upgrade.Instance {
	var all []upgrade.Instance
	for _, s := range listed.Instances {
		i := upgrade.Instance{
			ID: s.ID, ServiceID: s.ServiceID, PlanID: s.PlanID, Service: s.Service, Plan: s.Plan, Version: s.Version,
			Organization: s.Organization, OrganizationName: s.OrganizationName,
		}
		update := s.Operation == string(record.Modify)
		switch state := record.State(s.State); {
		case s.Service == "":
			i.Unfit = "Kibosh has made it, and it can only be deleted"
		case state == record.InProgress && s.Operation == string(record.Delete):
			i.Unfit = "it is being deleted"
		case state == record.InProgress:
			i.Busy = "its " + s.Operation + " is running"
		case state == record.Failed && !update:
			i.Unfit = "its " + s.Operation + " failed"
		}
		all = append(all, i)
	}
	return all
}
