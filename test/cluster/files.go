package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"os"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

//go:embed stages/*.yaml
var stages embed.FS

// writeFiles writes all that the components read, and sets the cluster's own client up.
func (c *Cluster) writeFiles() error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	server, err := ca.server()
	if err != nil {
		return err
	}
	serviceAccounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key for ServiceAccount tokens: %w", err)
	}
	serviceAccountKey, err := encodeKey(serviceAccounts)
	if err != nil {
		return err
	}
	kwok, err := kwokConfig()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"ca.crt":              ca.encoded.cert,
		"server.crt":          server.cert,
		"server.key":          server.key,
		"service-account.key": serviceAccountKey,
		"kwok.yaml":           kwok,
	} {
		if err := os.WriteFile(c.folder.file(name), content, 0o600); err != nil {
			return fmt.Errorf("writing the cluster's files: %w", err)
		}
	}
	for _, user := range []string{"admin", "kube-controller-manager", "kube-scheduler", "kwok"} {
		if err := c.writeKubeconfig(ca, user); err != nil {
			return err
		}
	}
	return c.loadClient()
}

// kwokConfig joins the stages into the one file that kwok reads.
func kwokConfig() ([]byte, error) {
	names, err := fs.Glob(stages, "stages/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing kwok's stages: %w", err)
	}
	var all []byte
	for _, name := range names {
		content, err := stages.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading kwok's stages: %w", err)
		}
		all = append(append(all, "---\n"...), content...)
	}
	return all, nil
}

// writeKubeconfig gives a user of the cluster every right. The components have names of their own for the sake of who reads
// managedFields, and every right because a cluster that waits for its own roles starts more slowly.
func (c *Cluster) writeKubeconfig(ca *authority, user string) error {
	client, err := ca.admin(user)
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["local"] = &clientcmdapi.Cluster{
		Server:                   "https://" + c.apiPort.hostPort(),
		CertificateAuthorityData: ca.encoded.cert,
	}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: client.cert, ClientKeyData: client.key}
	config.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: user}
	config.CurrentContext = "local"
	if err := clientcmd.WriteToFile(*config, c.folder.file(user+".kubeconfig")); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", user, err)
	}
	return nil
}

func (c *Cluster) loadClient() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	config.QPS = -1
	c.config = config
	own := rest.CopyConfig(config)
	own.UserAgent = "local-cluster"
	if c.client, err = kubernetes.NewForConfig(own); err != nil {
		return fmt.Errorf("making a client for the cluster: %w", err)
	}
	return nil
}
