package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/cf-helm-broker/cf-helm-broker/broker/operation"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// kubernetesConfig finds the cluster: SERVER, TOKEN and CA_DATA, else
// KUBECONFIG, else the pod's own service account.
func kubernetesConfig(s settings) (*rest.Config, error) {
	config, err := clusterAccess(s)
	if err != nil {
		return nil, err
	}
	return tuned(config, s), nil
}

func tuned(config *rest.Config, s settings) *rest.Config {
	config.UserAgent = "cf-helm-broker"
	// One limiter for all clients made from this configuration.
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(s.KubeQPS, int(2*s.KubeQPS)+1)
	config.WarningHandler = rest.NoWarnings{}
	return config
}

// connectTo returns what connects to the clusters of plans that have one of
// their own.
func connectTo(s settings, renderer helmsvc.Option) operation.Connect {
	return func(kubeconfig []byte) (*helmsvc.Cluster, error) {
		config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
		if err != nil {
			return nil, errors.New("the kubeconfig can't be used") // the decoder's words may quote it
		}
		return helmsvc.NewCluster(tuned(config, s), clusterOptions(s, renderer)...)
	}
}

// clusterOptions are those of each cluster. All of them share one renderer.
func clusterOptions(s settings, renderer helmsvc.Option) []helmsvc.Option {
	options := []helmsvc.Option{
		renderer,
		helmsvc.WithRegistry(helmsvc.Registry{
			Server: s.RegServer, Username: s.RegUser, Password: s.RegPassword, Email: s.RegEmail,
		}),
		helmsvc.WithWorkers(s.Workers),
		helmsvc.WithPodSecurity(s.PodSecurity),
		helmsvc.WithNetwork(helmsvc.Network{From: s.NetworkFrom, To: s.NetworkTo}),
	}
	if s.Impersonate {
		options = append(options, helmsvc.WithImpersonation())
	}
	if s.CFAPIAddress != "" {
		options = append(options, helmsvc.WithoutExposure())
	}
	return options
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
