package manifest

import (
	"fmt"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

// EachObject calls see with each object of a rendered release, hooks included
// and tests left out, and the chart's file that it is from.
func EachObject(r *release.Release, see func(object *unstructured.Unstructured, file string)) error {
	documents := releaseutil.SplitManifests(r.Manifest)
	source := ""
	for n := range len(documents) {
		text := documents[fmt.Sprintf("manifest-%d", n)]
		first, _, _ := strings.Cut(text, "\n")
		// A template that begins with a separator is parted from where it is from.
		if named, found := strings.CutPrefix(first, "# Source: "); found {
			source = named
		}
		objects, err := Decode(text)
		if err != nil {
			return fmt.Errorf("reading what the chart renders: %w", err)
		}
		for _, object := range objects {
			see(object, fileOf(source))
		}
	}
	for _, hook := range r.Hooks {
		objects, err := DecodeHooks([]*release.Hook{hook})
		if err != nil {
			return err
		}
		for _, object := range objects {
			see(object, fileOf(hook.Path))
		}
	}
	return nil
}

// Object is one of a rendered release, and the chart's file that it is from.
type Object struct {
	*unstructured.Unstructured
	File string
}

// Read is the list that EachObject goes through. Parsing takes longer than most of
// what is done with it.
func Read(r *release.Release) ([]Object, error) {
	var objects []Object
	err := EachObject(r, func(object *unstructured.Unstructured, file string) {
		objects = append(objects, Object{object, file})
	})
	return objects, err
}

// fileOf is the file in the chart's folder: Helm puts the chart's name before it.
func fileOf(source string) string {
	_, file, _ := strings.Cut(source, "/")
	return file
}

// DecodeHooks reads hooks. It leaves out tests, which nobody runs.
func DecodeHooks(hooks []*release.Hook) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, hook := range hooks {
		if !slices.ContainsFunc(hook.Events, func(e release.HookEvent) bool { return e != release.HookTest }) {
			continue
		}
		decoded, err := Decode(hook.Manifest)
		if err != nil {
			return nil, fmt.Errorf("reading hook %s: %w", hook.Path, err)
		}
		objects = append(objects, decoded...)
	}
	return objects, nil
}

// DecodeDefinitions reads a chart's crds/.
func DecodeDefinitions(definitions []helmchart.CRD) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, d := range definitions {
		decoded, err := Decode(string(d.File.Data))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", d.Filename, err)
		}
		objects = append(objects, decoded...)
	}
	return objects, nil
}

// Decode reads a manifest in the way that Build does, lists included, without
// asking the cluster.
func Decode(text string) ([]*unstructured.Unstructured, error) {
	infos, err := resource.NewLocalBuilder().Unstructured().Flatten().Stream(strings.NewReader(text), "").Do().Infos()
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, info := range infos {
		object, err := AsUnstructured(info.Object)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}
