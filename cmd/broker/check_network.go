package main

import (
	"context"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// checkedNetwork is what `broker check --network` tries.
func (s settings) checkedNetwork(ctx context.Context, image string) (check.Network, error) {
	cluster, err := s.checkedCluster()
	if err != nil {
		return check.Network{}, err
	}
	if image == "" {
		image = ownImage(ctx, cluster.Clients, s.BrokerNamespace)
	}
	if image == "" {
		return check.Network{}, usageError("check: --network needs --image, since this isn't the broker's pod: the image of this very broker, as the cluster's nodes can pull it")
	}
	n := check.Network{
		Clients:    cluster.Clients,
		Namespaces: tenant.New(cluster.Config, cluster.Clients, clusterConfig(s, nil).Tenants),
		Prefix:     s.NamespacePrefix, Image: image,
		NetworkPolicies: s.on(policy.NetworkPolicy), SecurityGroups: s.on(policy.SecurityGroup),
	}
	if s.on(policy.C2C) {
		n.C2C = s.checkedFoundation().Client
	}
	return n, nil
}

// ownImage is that of the broker's container in the pod that this is; "": it is none.
func ownImage(ctx context.Context, clients kubernetes.Interface, namespace string) string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	pod, err := clients.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == "broker" { // deploy/kubernetes' and the chart's
			return c.Image
		}
	}
	return ""
}
