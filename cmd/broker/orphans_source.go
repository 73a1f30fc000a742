package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
)

func newOrphanSource(ctx context.Context) (orphans.Source, error) {
	var s settings
	if err := errors.Join(parse(&s), s.KubernetesSettings.check()); err != nil {
		return orphans.Source{}, fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	source := orphans.Source{
		Namespace: s.BrokerNamespace, Prefix: s.NamespacePrefix, BrokerName: s.BrokerName, URL: strings.TrimSuffix(cmp.Or(s.BrokerURL, s.ownURL()), "/"),
		NetworkPolicies: s.on(policy.NetworkPolicy),
	}
	if s.CFAPIAddress != "" {
		source.CF = c2c.New(c2c.Settings{Settings: s.cfAPI()}, func(string, error) {})
	}
	return source, s.leadTo(ctx, &source)
}

// leadTo adds the clusters that the plans and the instances name, and what of the charts
// can't be read.
func (s settings) leadTo(ctx context.Context, source *orphans.Source) error {
	config, _, err := kubernetesConfig(s)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	config.Timeout = answerLimit
	_, renderer, err := newSandbox(s.bounds(), false)
	if err != nil {
		return err
	}
	each := clusterConfig(s, renderer)
	home, err := helmsvc.NewCluster(config, each)
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(config) // records aren't bounded as an instance's namespace is
	if err != nil {
		return fmt.Errorf("building the Kubernetes client: %w", err)
	}
	if source.Records, err = record.NewStore(clients, s.BrokerNamespace); err != nil {
		return err
	}
	var offered chart.Live
	catalog, err := chartsOf(ctx, s)
	if err != nil {
		source.Unread = append(source.Unread, fmt.Sprintf("clusters of plans: %v", err))
	}
	for _, p := range catalog.Problems {
		source.Unread = append(source.Unread, fmt.Sprintf("clusters of plans: the chart %s: %v", p.From, p.Err))
	}
	offered.Replace(catalog)
	source.Clusters = locate.NewClusters(home, connectTo(s, each, answerLimit), locate.NewCharts(&offered, source.Records, render.NewTexts(renderer)))
	return nil
}
