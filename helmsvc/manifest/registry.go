package manifest

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Registry is a private image registry that every image comes from.
type Registry struct {
	// Server is the registry's host and, where it has one, the path of the
	// images: "registry.example.com" or "registry.example.com/team".
	Server string
	// Username is empty where the registry asks nobody for a password.
	Username string
	Password string
	Email    string
}

// Trimmed is the registry without a scheme, which Kibosh allows and the name of an
// image can't have.
func (r Registry) Trimmed() Registry {
	r.Server = strings.TrimPrefix(strings.TrimPrefix(r.Server, "https://"), "http://")
	r.Server = strings.TrimRight(r.Server, "/")
	return r
}

// PullSecret is the Secret of an instance's namespace by which its pods may pull
// from the registry.
const PullSecret = "cf-helm-broker-registry" //nolint:gosec // a name

// Adjust changes an object of a chart into what the cluster gets.
//
// A release's record keeps the manifest as the chart renders it, and it is
// adjusted whenever it is read: to be made, compared, deleted. So this leaves alone
// what it doesn't understand, for the API server to refuse, and changes nothing
// more when it is applied again. For what depends on the revision, see Rules.
func (r Registry) Adjust(object *unstructured.Unstructured) {
	if r.Server == "" {
		return
	}
	r.relocateImages(object)
	r.addPullSecret(object)
}

// relocateImages lets an object's pods take their images from the registry.
func (r Registry) relocateImages(object *unstructured.Unstructured) {
	spec := podSpec(object)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		for _, container := range mapsIn(spec[list]) {
			r.relocate(container, "image")
		}
	}
	for _, volume := range mapsIn(spec["volumes"]) {
		image, _ := volume["image"].(map[string]any)
		r.relocate(image, "reference")
	}
}

func (r Registry) relocate(in map[string]any, field string) {
	if image, ok := in[field].(string); ok && image != "" {
		in[field] = r.imageName(image)
	}
}

// imageName is Kibosh's rule, by which its loader also names what it pushes:
// the registry and the last part of the image's name. Neither tag nor digest
// can contain a slash. An image that names the registry already keeps its
// path: the chart's author or the plan has said where it is.
func (r Registry) imageName(image string) string {
	if strings.HasPrefix(image, r.Server+"/") {
		return image
	}
	return r.Server + "/" + image[strings.LastIndex(image, "/")+1:]
}

// addPullSecret names the pull Secret in an object's pod spec, next to the
// chart's own: the ServiceAccount's don't reach pods that name any, nor those
// that run as another ServiceAccount.
func (r Registry) addPullSecret(object *unstructured.Unstructured) {
	const field = "imagePullSecrets"
	spec := podSpec(object)
	if spec == nil || r.Username == "" {
		return
	}
	named := func(secret map[string]any) bool { return secret["name"] == PullSecret }
	if slices.ContainsFunc(mapsIn(spec[field]), named) {
		return
	}
	own, _ := spec[field].([]any)
	spec[field] = append(own, map[string]any{"name": PullSecret})
}

// DockerConfig is the registry's password in the form in which kubelets read it.
func (r Registry) DockerConfig() ([]byte, error) {
	login := map[string]string{"username": r.Username, "password": r.Password}
	if r.Email != "" {
		login["email"] = r.Email
	}
	return json.Marshal(map[string]any{"auths": map[string]any{r.Server: login}})
}
