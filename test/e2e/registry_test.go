package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const registryPassword = "s3cr3t-of-the-registry"

// wantNoPassword looks for the registry's password in all that the broker
// says.
func (f *foundation) wantNoPassword(said map[string]string) {
	f.t.Helper()
	said["log"] = f.broker.Log()
	said["metrics"] = string(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/metrics", nil)).Body)
	for where, text := range said {
		if strings.Contains(text, registryPassword) {
			f.t.Errorf("the password is in the %s: %s", where, text)
		}
	}
}

// TestPrivateRegistry takes every image of a chart from the registry, with its
// password.
func TestPrivateRegistry(t *testing.T) {
	const server = "registry.example.com:5000/team"
	f := newFoundation(t, "charts-extras/images", map[string]string{
		"REG_SERVER": server, "REG_USER": "puller", "REG_PASS": registryPassword, "LOG_LEVEL": "debug",
	})
	i := f.create("images", "default", nil)
	want := map[string][]string{"main": {"first:1", "main:1"}, "hook": {"hook:1"}, "side": {"side:1"}}
	pods := f.pods(i)
	for _, pod := range pods {
		var images []string
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			images = append(images, strings.TrimPrefix(c.Image, server+"/"))
		}
		name := pod.Labels["app"]
		if !slices.Equal(images, want[name]) || len(pod.Spec.ImagePullSecrets) != 1 || pod.Spec.ImagePullSecrets[0].Name != "cf-helm-broker-registry" {
			t.Errorf("pod %s has images %q of the registry, want %q, and pull Secrets %v", name, images, want[name], pod.Spec.ImagePullSecrets)
		}
	}
	if len(pods) != len(want) {
		t.Errorf("there are %d pods, want %d", len(pods), len(want))
	}
	binding := uuid.NewString()
	bound := f.want(201)(f.Bind(t.Context(), i, binding, f.app()))
	var body struct{ Credentials credentials }
	f.must(bound.Decode(&body))
	if len(body.Credentials.Secrets) != 1 || body.Credentials.Secrets[0].Data["word"] != "of the chart" || strings.Contains(string(bound.Body), "dockerconfigjson") {
		t.Errorf("the credentials are %s", bound.Body)
	}
	fetched := f.want(200)(f.Fetch(t.Context(), i))
	f.wantNoPassword(map[string]string{"credentials": string(bound.Body), "instance": string(fetched.Body)})
	f.delete(i)
}

// TestPrivateRegistryFails says which image can't be had, and no password.
func TestPrivateRegistryFails(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{
		"REG_SERVER": "fault.local/pull-error", "REG_USER": "puller", "REG_PASS": registryPassword,
		"LOG_LEVEL": "debug", "OPERATION_TIMEOUT": "30s",
	})
	i := f.instance("fixture", "plain")
	o := f.ended(i, f.want(202)(f.Provision(t.Context(), i, nil)).Operation())
	if o.State != "failed" || !strings.Contains(o.Description, "can't pull its image fault.local/pull-error/fixture:1") {
		t.Errorf("the create ended as %+v", o)
	}
	f.wantNoPassword(map[string]string{"description": o.Description})
}
