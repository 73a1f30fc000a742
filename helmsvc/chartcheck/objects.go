package chartcheck

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// object is one that the release would leave in the cluster.
type object struct {
	// file is the template, as it lies in the chart's folder.
	file      string
	kind      schema.GroupVersionKind
	name      string
	namespace string
	// typed is nil if the kind isn't one of Kubernetes' own.
	typed runtime.Object
}

func (o object) String() string { return fmt.Sprintf("%s: %s %s", o.file, o.kind.Kind, o.name) }

// findings are what is wrong with manifests.
type findings struct{ mistakes, warnings []string }

// objectsOf decodes a rendered release, sorted by kind and name. Hooks count
// if what they make stays after an install.
func (c Checker) objectsOf(made *release.Release, chartName string) ([]object, findings) {
	d := decoding{chartName: chartName, version: c.version(), strict: serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()}
	documents := releaseutil.SplitManifests(made.Manifest)
	for n := range len(documents) {
		document := documents[fmt.Sprintf("manifest-%d", n)]
		source, rest, _ := strings.Cut(document, "\n")
		d.add(strings.TrimPrefix(source, "# Source: "), rest)
	}
	for _, hook := range made.Hooks {
		if stays(hook) {
			d.add(hook.Path, hook.Manifest)
		}
	}
	slices.SortStableFunc(d.objects, func(a, b object) int {
		return cmp.Or(cmp.Compare(a.kind.Kind, b.kind.Kind), cmp.Compare(a.name, b.name))
	})
	d.refuseTwins()
	return d.objects, d.findings
}

func stays(hook *release.Hook) bool {
	installs := slices.Contains(hook.Events, release.HookPreInstall) || slices.Contains(hook.Events, release.HookPostInstall)
	return installs && !slices.Contains(hook.DeletePolicies, release.HookSucceeded)
}

// head is what every object has. Items are those of a List.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name         string `json:"name"`
		GenerateName string `json:"generateName"`
		Namespace    string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// add decodes one document of a template.
func (d *decoding) add(source, document string) {
	file := inFolder(source, d.chartName)
	fields, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		d.mistake("%s: what it renders to isn't valid YAML: %w", file, err)
		return
	}
	if string(fields) == "null" {
		return // comments alone
	}
	var h head
	if err := json.Unmarshal(fields, &h); err != nil {
		d.mistake("%s: what it renders to isn't a Kubernetes object: %w", file, err)
		return
	}
	switch {
	case h.APIVersion == "" || h.Kind == "":
		d.mistake("%s: what it renders to has no apiVersion or no kind", file)
	case strings.HasSuffix(h.Kind, "List") && h.Items != nil:
		for _, item := range h.Items {
			d.add(source, string(item))
		}
	case h.Metadata.Name == "" && h.Metadata.GenerateName == "":
		d.mistake("%s: the %s has no metadata.name", file, h.Kind)
	default:
		d.addObject(object{
			file:      file,
			kind:      schema.FromAPIVersionAndKind(h.APIVersion, h.Kind),
			name:      cmp.Or(h.Metadata.Name, h.Metadata.GenerateName),
			namespace: h.Metadata.Namespace,
		}, document)
	}
}
