package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/cni/nodenames"
	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
)

// namesSettings are called as the broker's are.
type namesSettings struct {
	Servers  string
	NATS     publish.Settings // but for Servers
	Domain   string
	Prefixes string
}

func namesFlags(flags *flag.FlagSet, s *namesSettings) {
	setting(flags, &s.Servers, "nats-servers", "", "Cloud Foundry's NATS `servers`, host:port with commas between them, by which names of the node's pods are published; empty: they aren't")
	setting(flags, &s.NATS.User, "nats-user", "", "`user` of the NATS servers, whose password is $NATS_PASSWORD")
	s.NATS.Password = os.Getenv("NATS_PASSWORD") // no flag: everyone on the node can read those
	setting(flags, &s.NATS.CAFile, "nats-ca-file", "", "`file` with the CA's certificates that have signed the NATS servers', PEM; empty: no TLS")
	setting(flags, &s.NATS.CertFile, "nats-cert-file", "", "`file` with the agent's certificate for NATS, PEM")
	setting(flags, &s.NATS.KeyFile, "nats-key-file", "", "`file` with its key, PEM")
	setting(flags, &s.NATS.ServerName, "nats-server-name", "", "`name` that the NATS servers' certificates hold, if it isn't the host in --nats-servers")
	setting(flags, &s.Domain, "cluster-domain", "cluster.local", "the cluster's DNS `domain`, in which names are")
	setting(flags, &s.Prefixes, "namespace-prefix", "cf-helm", "what begins the names of instances' namespaces, as the broker's setting; several `prefixes` have commas between them")
}

func (s namesSettings) check() error {
	if s.Servers == "" {
		return nil
	}
	wrong := []error{s.nats().Check()}
	if _, err := names.ParseDomain(s.Domain); err != nil {
		wrong = append(wrong, fmt.Errorf("--cluster-domain: %w", err))
	}
	if len(list(s.Prefixes)) == 0 {
		wrong = append(wrong, errors.New("--namespace-prefix has to be the broker's NAMESPACE_PREFIX, so that names of instances are published and no others"))
	}
	return errors.Join(wrong...)
}

func (s namesSettings) nats() publish.Settings {
	settings := s.NATS
	settings.Servers = list(s.Servers)
	return settings
}

// newNames returns nothing where names aren't to be published.
func newNames(ctx context.Context, s settings, config *rest.Config, registry *prometheus.Registry, log lager.Logger) (*nodenames.Names, error) {
	if s.names.Servers == "" {
		return nil, nil
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for Kubernetes: %w", err)
	}
	domain, err := names.ParseDomain(s.names.Domain)
	if err != nil {
		return nil, err
	}
	return nodenames.Start(ctx, client, nodenames.Settings{Node: s.Node, Domain: domain, Prefixes: list(s.names.Prefixes), NATS: s.names.nats()}, publish.NewMetrics(registry), log)
}
