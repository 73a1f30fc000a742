package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// accountName is the agent's account, and its namespace.
const accountName = "c2c-cni"

// Account is what deploy/silk-worker gives agents: whom they are to the API server, and
// the network configuration that they install.
type Account struct {
	config  *rest.Config
	token   string
	network string
}

// MakeAccount applies the manifests of deploy/silk-worker but for the DaemonSet, whose
// pods would need images.
func MakeAccount(ctx context.Context, config *rest.Config) (*Account, error) {
	for _, file := range []string{"namespace.yaml", "serviceaccount.yaml", "rbac.yaml", "config.yaml"} {
		if err := rig.Apply(ctx, config, "silk-worker/"+file); err != nil {
			return nil, err
		}
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	token, err := kube.CoreV1().ServiceAccounts(accountName).CreateToken(ctx, accountName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("making the agents' token: %w", err)
	}
	shipped, err := kube.CoreV1().ConfigMaps(accountName).Get(ctx, accountName, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the network configuration: %w", err)
	}
	return &Account{config: config, token: token.Status.Token, network: shipped.Data["network.conflist"]}, nil
}

func (a *Account) kubeconfig(file string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["local"] = &clientcmdapi.Cluster{Server: a.config.Host, CertificateAuthorityData: a.config.CAData}
	config.AuthInfos["agent"] = &clientcmdapi.AuthInfo{Token: a.token}
	config.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "agent"}
	config.CurrentContext = "local"
	return clientcmd.WriteToFile(*config, file)
}

// writeNetwork writes the network configuration as it is shipped, with the paths of
// this node, and the overlay's plugin in the place of Silk's.
func (w *Worker) writeNetwork(shipped string) error {
	var list map[string]any
	if err := json.Unmarshal([]byte(shipped), &list); err != nil {
		return fmt.Errorf("reading the network configuration: %w", err)
	}
	plugins, _ := list["plugins"].([]any)
	if len(plugins) != 1 {
		return fmt.Errorf("the network configuration has %d plugins, and 1 is known here", len(plugins))
	}
	entry, _ := plugins[0].(map[string]any)
	entry["socket"], entry["state_dir"] = w.file("agent.sock"), w.file("attachments")
	entry["delegate"] = w.options.Node.PluginConfig(nil)
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return os.WriteFile(w.file("network.conflist"), text, 0o600)
}
