package main

import (
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
)

// sdkInstall is baseline (a): the Helm SDK's own way to install a chart, wait
// until it is ready and make the namespace, with its default settings.
func (s *stage) sdkInstall(ctx context.Context, namespace string) error {
	settings := cli.New()
	settings.KubeConfig = s.cluster.Kubeconfig()
	settings.SetNamespace(namespace)
	configuration := new(action.Configuration)
	if err := configuration.Init(settings.RESTClientGetter(), namespace, "secret", func(string, ...any) {}); err != nil {
		return fmt.Errorf("setting the Helm SDK up: %w", err)
	}
	loaded, err := loader.Load(s.charts)
	if err != nil {
		return fmt.Errorf("loading the chart: %w", err)
	}
	install := action.NewInstall(configuration)
	install.ReleaseName = "k-sdk"
	install.Namespace = namespace
	install.CreateNamespace = true
	install.Wait = true
	install.Timeout = 5 * time.Minute // helm's own default
	if _, err := install.RunWithContext(ctx, loaded, nil); err != nil {
		return fmt.Errorf("installing by the Helm SDK: %w", err)
	}
	return nil
}
