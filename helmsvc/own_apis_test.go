package helmsvc_test

import (
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// TestOwnAPIs: what `charts check` tells charts of a cluster is what one serves.
func TestOwnAPIs(t *testing.T) {
	t.Parallel()
	served, err := action.GetVersionSet(clients.Discovery())
	if err != nil {
		t.Fatal(err)
	}
	version, err := clients.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	own := manifest.OwnAPIs(version.GitVersion)
	for _, api := range served {
		kind := api[strings.LastIndex(api, "/")+1:]
		subresource := slices.Contains([]string{"Eviction", "Scale", "TokenRequest"}, kind)
		if !slices.Contains(own, api) && !subresource && !strings.Contains(api, "example.com") { // of other tests
			t.Errorf("the cluster serves %s besides", api)
		}
	}
	for _, api := range own {
		if !slices.Contains(served, api) {
			t.Errorf("the cluster doesn't serve %s", api)
		}
	}
}
