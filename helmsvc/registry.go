package helmsvc

import (
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

// Option sets what a Cluster does beyond installing charts as they are.
type Option func(*Cluster)

// WithRegistry has every chart's images come from the registry, which must
// hold them already, and each instance's namespace carry the password for it.
// Without a Server it does nothing.
func WithRegistry(r Registry) Option {
	return func(c *Cluster) {
		// Kibosh allows a scheme, which the name of an image can't have.
		r.Server = strings.TrimPrefix(strings.TrimPrefix(r.Server, "https://"), "http://")
		r.Server = strings.TrimRight(r.Server, "/")
		c.registry = r
	}
}

// adjustments are what a registry changes in a chart's objects.
func (r Registry) adjustments() []adjustment {
	if r.Server == "" {
		return nil
	}
	return []adjustment{r.relocateImages, r.addPullSecret}
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

// mapsIn returns those items of a list that are maps.
func mapsIn(list any) []map[string]any {
	items, _ := list.([]any)
	var found []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}
