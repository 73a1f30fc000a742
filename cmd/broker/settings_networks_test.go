package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestNetworkSettings: what access is enforced on, what that needs, and what it makes
// of other settings.
func TestNetworkSettings(t *testing.T) {
	api := map[string]string{"CF_API_ADDRESS": "https://api.example.com", "CF_CLIENT_ID": "x", "CF_CLIENT_SECRET": "x", "CF_ORG": "o", "CF_SPACE": "s"}
	for name, c := range map[string]struct {
		api         bool
		values      map[string]string
		enforce     []string
		destination string
		wrong       string
	}{
		"nothing":            {enforce: nil, destination: "instance"},
		"a CF API":           {api: true, enforce: []string{"c2c"}, destination: "app"},
		"pods":               {values: map[string]string{"ENFORCE": "networkpolicy", "APP_PODS": "kind-deployment"}, enforce: []string{"networkpolicy"}, destination: "instance"},
		"pods, and CF knows": {api: true, values: map[string]string{"ENFORCE": "c2c,networkpolicy", "APP_PODS": "korifi"}, enforce: []string{"c2c", "networkpolicy"}, destination: "app"},
		"groups":             {api: true, values: map[string]string{"ENFORCE": "securitygroup"}, enforce: []string{"securitygroup"}, destination: "instance"},
		"other pods":         {values: map[string]string{"ENFORCE": "networkpolicy", "APP_LABEL": "example.com/app", "APP_NAMESPACE": "apps"}, enforce: []string{"networkpolicy"}, destination: "instance"},
		"another cluster":    {values: map[string]string{"ENFORCE": "networkpolicy", "APP_CIDRS": "10.0.0.0/8", "NETWORK_POLICY_TO": "10.1.0.0/16"}, enforce: []string{"networkpolicy"}, destination: "instance"},
		"unknown":            {values: map[string]string{"ENFORCE": "silk"}, wrong: `ENFORCE: "silk" isn't one of c2c, networkpolicy, securitygroup`},
		"c2c without an API": {values: map[string]string{"ENFORCE": "c2c"}, wrong: "ENFORCE c2c needs CF_API_ADDRESS"},
		"groups without":     {values: map[string]string{"ENFORCE": "securitygroup"}, wrong: "ENFORCE securitygroup needs CF_API_ADDRESS"},
		"whose packets":      {values: map[string]string{"ENFORCE": "networkpolicy"}, wrong: "set APP_PODS or APP_LABEL where apps are pods of the cluster, or APP_CIDRS where they aren't"},
		"whose pods":         {values: map[string]string{"ENFORCE": "networkpolicy", "APP_PODS": "kubecf"}, wrong: `there is no preset "kubecf"`},
		"a label alone":      {values: map[string]string{"ENFORCE": "networkpolicy", "APP_LABEL": "example.com/app"}, wrong: "are apps' in certain namespaces only"},
		"egress":             {values: map[string]string{"ENFORCE": "networkpolicy", "APP_PODS": "korifi", "APP_EGRESS": "yes"}, wrong: "APP_EGRESS must be true, false or empty"},
		"no CIDR":            {values: map[string]string{"ENFORCE": "networkpolicy", "APP_CIDRS": "cells"}, wrong: `"cells" isn't a CIDR`},
		"no label":           {values: map[string]string{"POD_GROUP_LABEL": "a b"}, wrong: `POD_GROUP_LABEL: "a b" isn't a label's name`},
		"no rules":           {values: map[string]string{"SECURITY_GROUP_MAX_RULES": "0"}, wrong: "SECURITY_GROUP_MAX_RULES must be at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			if c.api {
				maps.Copy(values, api)
			}
			maps.Copy(values, c.values)
			setenv(t, values)
			s, err := readSettings()
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("error %v, want %q", err, c.wrong)
				}
				return
			}
			if err != nil || !slices.Equal(s.Enforce, c.enforce) || s.PolicyDestination != c.destination {
				t.Errorf("enforced on %v, to each %s, %v; want %v, %s", s.Enforce, s.PolicyDestination, err, c.enforce, c.destination)
			}
		})
	}
}

// TestGroupLabels: workloads are told apart by a label where NetworkPolicies have to,
// and pods get another one if that is asked for.
func TestGroupLabels(t *testing.T) {
	const asked = "cloudfoundry.org/app-guid"
	for name, c := range map[string]struct {
		enforce, destination, label string
		want                        []string
	}{
		"none":          {"networkpolicy", "instance", "", nil},
		"Silk":          {"c2c", "workload", "", nil},
		"workloads":     {"networkpolicy", "workload", "", []string{podgroup.Label}},
		"asked for":     {"networkpolicy", "instance", asked, []string{asked}},
		"asked for too": {"networkpolicy", "workload", asked, []string{podgroup.Label, asked}},
	} {
		s := settings{PolicyDestination: c.destination, NetworkSettings: NetworkSettings{Enforce: []string{c.enforce}, PodGroupLabel: c.label}}
		if got := s.groupLabels(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
