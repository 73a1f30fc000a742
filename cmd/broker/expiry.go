package main

import (
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// credentials are when certificates and tokens end by which the broker is known, by what
// names them: the setting, or a plan whose cluster they are for. Those that don't say are
// left out. They are as they are now: files are replaced while the broker runs.
type credentials map[string]time.Time

func credentialsEnd(s settings, config *rest.Config, files doorFiles, catalog func() chart.Catalog) credentials {
	found := credentials{}
	if files.certificate != nil {
		found.add("TLS_CERT_FILE", files.certificate.Value().Leaf.NotAfter, true)
	}
	found.addFile("NATS_CERT_FILE", s.NATSCertFile)
	found.addCluster(clusterSetting(s), config)
	for _, service := range catalog().Services {
		for _, plan := range service.Plans {
			if plan.Cluster == nil {
				continue
			}
			if config, err := clientcmd.RESTConfigFromKubeConfig(plan.Cluster.Text); err == nil {
				found.addCluster(service.Name+"/"+plan.Name, config)
			}
		}
	}
	return found
}

// clusterSetting is where the access to the broker's own cluster comes from.
func clusterSetting(s settings) string {
	switch {
	case s.Server != "":
		return "TOKEN"
	case s.Kubeconfig != "":
		return "KUBECONFIG"
	}
	return measure.OwnToken
}

// addCluster adds a client certificate, or a token.
func (e credentials) addCluster(name string, config *rest.Config) {
	end, found := measure.CertificatesEnd(config.CertData)
	e.add(name, end, found)
	e.addFile(name, config.CertFile)
	token := config.BearerToken
	if config.BearerTokenFile != "" {
		text, err := os.ReadFile(config.BearerTokenFile)
		if err != nil {
			return // requests that need it tell why it can't be read
		}
		token = string(text)
	}
	end, found = measure.TokenEnd(token)
	e.add(name, end, found)
}

// addFile adds a file's certificates.
func (e credentials) addFile(name, path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	end, found := measure.CertificatesEnd(text)
	e.add(name, end, found)
}

// add keeps the earlier of two.
func (e credentials) add(name string, end time.Time, found bool) {
	if was, there := e[name]; found && (!there || end.Before(was)) {
		e[name] = end
	}
}
