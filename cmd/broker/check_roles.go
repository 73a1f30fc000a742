package main

import (
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	manifests "github.com/cf-helm-broker/cf-helm-broker/deploy/kubernetes"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// rolesFor are the rights that the manifests give an account with these settings.
func rolesFor(s settings) (roles check.Roles, err error) {
	files := map[string]string{"rbac.yaml": s.BrokerNamespace}
	if s.on(policy.NetworkPolicy) {
		files["networkpolicy/rbac.yaml"] = s.BrokerNamespace
	}
	if s.BindWaitsForNodes > 0 {
		files["nodes/rbac.yaml"] = podgroup.AgentsNamespace
	}
	for file, namespace := range files {
		text, err := manifests.Rights.ReadFile(file)
		if err == nil {
			err = roles.Add(text, namespace)
		}
		if err != nil {
			return roles, fmt.Errorf("reading %s of the manifests: %w", file, err)
		}
	}
	return roles, nil
}
