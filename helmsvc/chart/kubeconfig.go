package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig is the access to a plan's own cluster.
type Kubeconfig struct {
	// ID stays the same while the cluster does: it is made of the server's
	// address, so that credentials can be changed.
	ID string
	// Server is the cluster's address.
	Server string
	// Text is the kubeconfig. It holds secrets.
	Text []byte
}

// parseKubeconfig reads a kubeconfig that stands by itself: it names no file,
// since charts travel, and no program, since that would run as the broker.
func parseKubeconfig(text []byte) (*Kubeconfig, error) {
	config, err := clientcmd.Load(text)
	if err != nil {
		return nil, errors.New("it isn't a kubeconfig") // the decoder's words may quote it
	}
	current, found := config.Contexts[config.CurrentContext]
	if !found {
		return nil, fmt.Errorf("its current-context %q isn't one of its contexts", config.CurrentContext)
	}
	cluster, user := config.Clusters[current.Cluster], config.AuthInfos[current.AuthInfo]
	if cluster == nil || user == nil {
		return nil, fmt.Errorf("the context %q names a cluster or user that it doesn't hold", config.CurrentContext)
	}
	if err := selfContained(cluster, user); err != nil {
		return nil, err
	}
	server := strings.TrimSuffix(cluster.Server, "/")
	sum := sha256.Sum256([]byte(server))
	return &Kubeconfig{ID: hex.EncodeToString(sum[:8]), Server: server, Text: text}, nil
}

func selfContained(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	switch {
	case cluster.Server == "":
		return errors.New("its cluster has no server")
	case cluster.CertificateAuthority != "" || user.ClientCertificate != "" || user.ClientKey != "" || user.TokenFile != "":
		return errors.New("it names files; write their contents into it, with `kubectl config view --flatten --minify --raw`")
	case user.Exec != nil || user.AuthProvider != nil:
		return errors.New("it runs a program for its credentials; use a token or a client certificate")
	}
	return nil
}
