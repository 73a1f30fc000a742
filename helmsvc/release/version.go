package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/discovery"
)

// Version asks for the cluster's Kubernetes version.
func (c *Client) Version() (*chartutil.KubeVersion, error) { return versionOf(c.discovery) }

func versionOf(api discovery.ServerVersionInterface) (*chartutil.KubeVersion, error) {
	info, err := api.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("asking for the cluster's version: %w", err)
	}
	return &chartutil.KubeVersion{Version: info.GitVersion, Major: info.Major, Minor: info.Minor}, nil
}
