package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"
)

// Version asks for the cluster's Kubernetes version.
func (c *Client) Version() (*chartutil.KubeVersion, error) {
	info, err := c.discovery.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("asking for the cluster's version: %w", err)
	}
	return &chartutil.KubeVersion{Version: info.GitVersion, Major: info.Major, Minor: info.Minor}, nil
}
