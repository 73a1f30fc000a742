package nodefacts

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
)

// askLease asks silk-daemon for the node's lease as silk-cni does (silk-release v3.53.0:
// daemon.NetworkInfo); "": it doesn't tell.
func askLease(ctx context.Context, url string) string {
	if url == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "" // pods' events say what is wrong with it
	}
	defer func() { _ = response.Body.Close() }()
	var info struct {
		OverlaySubnet string `json:"overlay_subnet"`
	}
	if response.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&info) != nil {
		return ""
	}
	lease, err := netip.ParsePrefix(info.OverlaySubnet)
	if err != nil {
		return ""
	}
	return lease.Masked().String()
}
