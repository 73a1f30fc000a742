package nodefacts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
)

// proxySettings are kube-proxy's as its file has them
// (kubeproxy.config.k8s.io/v1alpha1) and as it shows them itself (its internal
// type, of v1.34, whose names differ in case).
type proxySettings struct {
	Mode     string `json:"mode"`
	IPTables struct {
		MasqueradeBit *int `json:"masqueradeBit"`
	} `json:"iptables"`
	NFTables struct {
		MasqueradeBit *int `json:"masqueradeBit"`
	} `json:"nftables"`
	ClusterCIDR string `json:"clusterCIDR"`
	DetectLocal struct {
		ClusterCIDRs []string `json:"clusterCIDRs"`
	} `json:"detectLocal"`
}

func (p proxySettings) proxy(from string) *guard.Proxy {
	cidrs := p.DetectLocal.ClusterCIDRs
	if p.ClusterCIDR != "" {
		cidrs = append(cidrs, strings.Split(p.ClusterCIDR, ",")...)
	}
	return &guard.Proxy{From: from, Mode: p.Mode, IPTablesBit: p.IPTables.MasqueradeBit, NFTablesBit: p.NFTables.MasqueradeBit, ClusterCIDRs: cidrs}
}

// askProxy asks a running kube-proxy; nil: none answers there.
func askProxy(ctx context.Context, url string) (*guard.Proxy, error) {
	if url == "" {
		return nil, nil // it isn't asked
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address := strings.TrimSuffix(url, "/") + "/configz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("asking kube-proxy: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil // there may be none, or it listens elsewhere: rules tell as well
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	var all map[string]proxySettings
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(text, &all) != nil {
		return nil, nil // as above
	}
	settings, found := all["kubeproxy.config.k8s.io"]
	if !found {
		return nil, nil // another program
	}
	return settings.proxy(address), nil
}

func readProxy(path string) (*guard.Proxy, error) {
	if path == "" {
		return nil, nil // there is none
	}
	var settings proxySettings
	if err := readYAML(path, &settings); err != nil {
		return nil, fmt.Errorf("kube-proxy's configuration: %w", err)
	}
	return settings.proxy(path), nil
}

func readHairpin(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	var settings struct {
		HairpinMode string `json:"hairpinMode"`
	}
	if err := readYAML(path, &settings); err != nil {
		return "", fmt.Errorf("the kubelet's configuration: %w", err)
	}
	return settings.HairpinMode, nil
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
