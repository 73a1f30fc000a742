package main

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// restConfig is how Kubernetes is reached: by a file, or as a pod of the cluster.
func restConfig(kubeconfig string) (*rest.Config, error) {
	var config *rest.Config
	var err error
	if kubeconfig == "" {
		config, err = rest.InClusterConfig()
	} else {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("finding Kubernetes (--kubeconfig, KUBECONFIG, or a pod's ServiceAccount): %w", err)
	}
	// client-go's 5 a second are too few where many pods start at once.
	config.QPS, config.Burst, config.UserAgent = 50, 100, "c2c-cni"
	return config, nil
}
