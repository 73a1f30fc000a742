package main

import (
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
)

const (
	sdkRelease = "k-sdk"
	sdkTimeout = 5 * time.Minute // helm's own default
)

// sdk is what each action of the Helm SDK begins with.
func (s *stage) sdk(folder, namespace string) (*action.Configuration, *chart.Chart, error) {
	settings := cli.New()
	settings.KubeConfig = s.cluster.Kubeconfig()
	settings.SetNamespace(namespace)
	configuration := new(action.Configuration)
	if err := configuration.Init(settings.RESTClientGetter(), namespace, "secret", func(string, ...any) {}); err != nil {
		return nil, nil, fmt.Errorf("setting the Helm SDK up: %w", err)
	}
	loaded, err := loader.Load(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("loading the chart: %w", err)
	}
	return configuration, loaded, nil
}

// sdkInstall is baseline (a): the Helm SDK's own way to install a chart, wait
// until it is ready and make the namespace, with its default settings.
func (s *stage) sdkInstall(ctx context.Context, namespace string) error {
	configuration, loaded, err := s.sdk(s.charts, namespace)
	if err != nil {
		return err
	}
	install := action.NewInstall(configuration)
	install.ReleaseName = sdkRelease
	install.Namespace = namespace
	install.CreateNamespace = true
	install.Wait = true
	install.Timeout = sdkTimeout
	if _, err := install.RunWithContext(ctx, loaded, nil); err != nil {
		return fmt.Errorf("installing by the Helm SDK: %w", err)
	}
	return nil
}

// sdkUpgrade upgrades what sdkInstall has installed to the chart of that folder.
func (s *stage) sdkUpgrade(ctx context.Context, folder, namespace string) error {
	configuration, loaded, err := s.sdk(folder, namespace)
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(configuration)
	upgrade.Namespace = namespace
	upgrade.Wait = true
	upgrade.Timeout = sdkTimeout
	if _, err := upgrade.RunWithContext(ctx, sdkRelease, loaded, nil); err != nil {
		return fmt.Errorf("upgrading by the Helm SDK: %w", err)
	}
	return nil
}
