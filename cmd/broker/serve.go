package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/credhub"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/wire"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// serveCommand runs the broker until ctx ends and returns the exit status.
func serveCommand(ctx context.Context, stdout, stderr io.Writer) int {
	s, err := readSettings()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "broker: the settings are wrong; broker --help lists them\n%v\n", err)
		return 2
	}
	log := newLogger(s.LogLevel, stdout)
	if err := serve(ctx, s, log); err != nil {
		log.Error("stopped", err)
		return 1
	}
	log.Info("stopped")
	return 0
}

func serve(ctx context.Context, s settings, log lager.Logger) error {
	config, limiter, err := kubernetesConfig(s)
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(wire.Compact(config))
	if err != nil {
		return fmt.Errorf("building the Kubernetes client: %w", err)
	}
	templates, renderer, err := newSandbox(s.bounds(), true)
	if err != nil {
		return err
	}
	clusters, texts := clusterConfig(s, renderer), render.NewTexts(renderer)
	own := clusters
	own.Releases.Limiter = limiter
	cluster, err := helmsvc.NewCluster(config, own)
	if err != nil {
		return err
	}
	records, err := record.NewStore(clients, s.BrokerNamespace)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := measure.New(registry)
	tellNetworks(s, log)
	policies, vault := newPolicyClient(s, metrics), newCredHub(s)
	offer := newOffer(s, records, cluster, texts, log)
	if err := offer.load(ctx); err != nil {
		return err
	}
	lease, err := newLease(s, config)
	if err != nil {
		return err
	}
	house, err := furnish(s, fixtures{
		templates: templates, texts: texts, clusters: clusters, lease: lease, offer: offer,
		records: records, cluster: cluster, policies: policies, credHub: vault, metrics: metrics, registry: registry, log: log,
	})
	if err != nil {
		return err
	}
	if err := offer.follow(house.worker.CatalogChanged); err != nil {
		return err
	}
	files, err := followFiles(s.DoorSettings, log)
	if err != nil {
		return err
	}
	if house.registration != nil && files.credentials != nil {
		files.credentials.OnChange(house.registration.Changed)
	}
	entrance, err := newDoor(s.DoorSettings, files, registry)
	if err != nil {
		return err
	}
	readiness := newReadiness(s.BrokerNamespace, offer, house, records, clients, policies, vault)
	readiness.Files, readiness.Hints = files.problems(), hints(s)
	readiness.Register(registry)
	measure.Derived{
		Instances: house.instances.Now,
		Ends:      func() map[string]time.Time { return credentialsEnd(s, config, files, offer.live.Catalog) },
		Queues:    map[string]measure.Queue{"operations": house.waiting, "helm": clusters.Releases.Meter},
		Agents:    agents(s, cluster),
	}.Register(registry)
	handler := web.Handler(web.Options{
		Broker:         broker.New(&offer.live, records, house.instances, house.bindings, house.worker, s.NamespacePrefix, s.BrokerNamespace, s.Parameters == anyParameters),
		Door:           entrance,
		PublicStatus:   s.PublicStatus,
		RequestsAtOnce: s.RequestsAtOnce,
		BodyLimit:      s.BodyLimit,
		RequestLimit:   requestLimit(s),
		Readiness:      readiness,
		Reload:         offer.reload,
		Registry:       registry,
		Log:            log,
	})
	runs := []func(context.Context){records.Run, house.worker.Run, offer.run, files.watch}
	if house.names != nil {
		runs = append(runs, house.names.Run)
	}
	if house.domains != nil {
		runs = append(runs, house.domains.Run)
	}
	server := newServer(handler, requestLimit(s), files.tls(), log)
	server.RegisterOnShutdown(house.worker.EndWaits)
	return start(ctx, s, log, server, runs...)
}

// agents tells of the nodes' agents; nil where no bind waits for them, and the broker has no
// right to ask.
func agents(s settings, cluster *helmsvc.Cluster) func(context.Context) (there, lagging int, err error) {
	if s.BindWaitsForNodes == 0 || !s.on(policy.C2C) {
		return nil
	}
	return cluster.Agents
}

// requestLimit is how long a request may take: a bind waits for a pod and a delete
// for its end; what else they do, such as posting policies, takes time too.
func requestLimit(s settings) time.Duration {
	return max(s.BindTimeout, s.DeleteWait) + 15*time.Second
}

// tellNetworks logs what lets apps reach pods.
func tellNetworks(s settings, log lager.Logger) {
	if len(s.Enforce) == 0 {
		log.Info("policies-off", lager.Data{"meaning": "neither CF_API_ADDRESS nor ENFORCE is set: bindings open no access"})
		return
	}
	log.Info("policies-on", lager.Data{"networks": s.Enforce, "cf-api": s.CFAPIAddress, "destination": s.PolicyDestination})
}

// newPolicyClient returns nil where no CF API is configured.
func newPolicyClient(s settings, metrics *measure.Metrics) *c2c.Client {
	if s.CFAPIAddress == "" {
		return nil
	}
	return c2c.New(c2c.Settings{Settings: s.cfAPI(), Org: s.CFOrg, Space: s.CFSpace}, metrics.PolicyCall)
}

func (s settings) cfAPI() cfapi.Settings {
	return cfapi.Settings{
		CFAPIAddress:      s.CFAPIAddress,
		ClientID:          s.CFClientID,
		ClientSecret:      s.CFClientSecret,
		SkipTLSValidation: s.CFSkipSSLValidation,
		Timeout:           s.CFTimeout,
	}
}

// hints say what settings cost.
func hints(s settings) []string {
	if !s.on(policy.C2C) || s.PolicyDestination == string(locate.ToApp) {
		return nil
	}
	return []string{"POLICY_DESTINATION is " + s.PolicyDestination + ": at each cleanup of Cloud Foundry's policy server, every hour by default, apps can't open new connections to their services " +
		"for 5 to 11 s; set CF_ORG and CF_SPACE, and leave POLICY_DESTINATION empty, to have new service instances spared that"}
}

func newReadiness(namespace string, offer *offer, house house, records *record.Store, clients kubernetes.Interface, policies *c2c.Client, vault *credhub.Client) web.Readiness {
	r := web.Readiness{
		Leads:     house.worker.Leads,
		Synced:    records.Synced,
		Charts:    offer.charts,
		Operators: func() any { return house.operators.States() },
		Dependencies: map[string]func(context.Context) error{
			// That the records' namespace can be read says that the cluster is
			// up, lets the broker in, and has been prepared.
			"kubernetes": func(ctx context.Context) error {
				_, err := clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
				return err
			},
		},
	}
	if house.names != nil {
		r.Dependencies["names"] = func(context.Context) error { return house.names.Problem() }
	}
	if house.domains != nil {
		r.Dependencies["cf-domains"] = func(context.Context) error { return house.domains.Problem() }
	}
	if house.registration != nil {
		r.Dependencies["registration"] = func(context.Context) error { return house.registration.Problem() }
	}
	if policies != nil {
		r.Dependencies["policy-api"] = func(context.Context) error { return policies.LastError() }
	}
	if vault != nil {
		r.Dependencies["credhub"] = func(context.Context) error { return vault.LastError() }
	}
	return r
}
