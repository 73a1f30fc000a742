package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// kubernetesConfig finds the cluster: SERVER, TOKEN and CA_DATA, else
// KUBECONFIG, else the pod's own service account.
func kubernetesConfig(s settings) (*rest.Config, *fair.Limiter, error) {
	config, err := clusterAccess(s)
	if err != nil {
		return nil, nil, err
	}
	return config, tune(config, s), nil
}

// tune returns the one limiter of all clients made from the configuration.
func tune(config *rest.Config, s settings) *fair.Limiter {
	limiter := fair.NewLimiter(s.KubeQPS, int(2*s.KubeQPS)+1)
	config.RateLimiter = limiter.For("")
	config.UserAgent = "cf-helm-broker"
	config.WarningHandler = rest.NoWarnings{}
	return limiter
}

// connectTo returns what connects to the clusters of plans that have one of
// their own; limit ends each request, 0 doesn't.
func connectTo(s settings, clusters helmsvc.Config, limit time.Duration) locate.Connect {
	return func(kubeconfig []byte) (*helmsvc.Cluster, error) {
		config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
		if err != nil {
			return nil, errors.New("the kubeconfig can't be used") // the decoder's words may quote it
		}
		config.Timeout = limit
		own := clusters
		own.Releases.Limiter = tune(config, s)
		return helmsvc.NewCluster(config, own)
	}
}

// clusterConfig is that of each cluster, but for its limiter. All of them share
// one renderer, and one chart is rendered at a time, so that all together use no
// more memory than one may.
func clusterConfig(s settings, renderer *render.Renderer) helmsvc.Config {
	return helmsvc.Config{
		Tenants: tenant.Config{
			Registry: manifest.Registry{
				Server: s.RegServer, Username: s.RegUser, Password: s.RegPassword, Email: s.RegEmail,
			},
			WithoutExposure: len(s.Enforce) > 0,
			Impersonate:     s.Impersonate,
			PodSecurity:     s.PodSecurity,
			Network:         tenant.Network{Closed: s.on(policy.NetworkPolicy), From: s.NetworkFrom, To: s.NetworkTo},
		},
		Releases: release.Config{
			Renderer:   renderer,
			Renderings: fair.NewSemaphore(1),
			Workers:    s.Workers,
			Meter:      &fair.Meter{},
		},
	}
}

func clusterAccess(s settings) (*rest.Config, error) {
	if s.Server != "" {
		return &rest.Config{
			Host:            s.Server,
			BearerToken:     s.Token,
			TLSClientConfig: rest.TLSClientConfig{CAData: pemOf(s.CAData)},
		}, nil
	}
	if s.Kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("reading KUBECONFIG: %w", err)
		}
		return config, nil
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("no Kubernetes cluster to use: set SERVER, TOKEN and CA_DATA, or KUBECONFIG, or run in a pod: %w", err)
	}
	return config, nil
}

// pemOf accepts a certificate as PEM or, as kubeconfigs hold it, PEM in base64.
func pemOf(data string) []byte {
	if decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(data)); err == nil {
		return decoded
	}
	return []byte(data)
}
