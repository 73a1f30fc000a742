package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

// noInstances fails while there are service instances, or something is owed of those that
// are gone: what ends the broker for good asks it first. A record that is damaged counts,
// since it may be an instance's.
func noInstances(ctx context.Context, inspector *inspect.Inspector, _ instancesArguments, stdout io.Writer) error {
	all, err := inspector.List(ctx, inspect.Filter{})
	if err != nil {
		return err
	}
	if left := tellInstances(all); left != "" {
		return fmt.Errorf("%s; without the broker nobody can change or delete them, so delete them first; broker instances list tells which they are", left)
	}
	if all.Owed > 0 {
		return fmt.Errorf("of %s of service instances that are gone policies may be open still; the broker is about to close them, or its log says why it can't (tombstone-stays): try again then", counted(all.Owed, "revoked binding", "revoked bindings"))
	}
	_, err = fmt.Fprintln(stdout, "there are no service instances")
	return err
}

// tellInstances says how many there are, of which services; empty: none.
func tellInstances(all inspect.Listing) string {
	var told []string
	if count := len(all.Instances); count > 0 {
		of := map[string]int{}
		for _, i := range all.Instances {
			of[cmp.Or(i.Service, "unknown")]++
		}
		var services []string
		for _, service := range slices.Sorted(maps.Keys(of)) {
			services = append(services, fmt.Sprintf("%d of %s", of[service], oneLine(service)))
		}
		told = append(told, fmt.Sprintf("there are service instances: %s", strings.Join(services, ", ")))
	}
	if count := len(all.Damaged); count > 0 {
		told = append(told, fmt.Sprintf("records that can't be read: %d", count))
	}
	return strings.Join(told, "; ")
}
