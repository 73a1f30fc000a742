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

// Object is one of a rendered release, and the chart's file that it is from.
type Object struct {
	*unstructured.Unstructured
	File string
	Hook bool
}

// Read reads all objects of a rendered release, hooks included and tests left out; of
// nil there are none. Parsing takes longer than most of what is done with them.
func Read(r *release.Release) (all []Object, err error) {
	if r == nil {
		return nil, nil
	}
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
			return nil, fmt.Errorf("reading what the chart renders: %w", err)
		}
		for _, object := range objects {
			all = append(all, Object{Unstructured: object, File: fileOf(source)})
		}
	}
	for _, hook := range r.Hooks {
		objects, err := DecodeHooks([]*release.Hook{hook})
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			all = append(all, Object{Unstructured: object, File: fileOf(hook.Path), Hook: true})
		}
	}
	return all, nil
}

// Plain are the objects without the files that they are from: hooks, or all others.
func Plain(read []Object, hooks bool) (objects []*unstructured.Unstructured) {
	for _, o := range read {
		if o.Hook == hooks {
			objects = append(objects, o.Unstructured)
		}
	}
	return objects
}

// All are the objects of a release, hooks included, and of definitions, the chart's crds/.
func All(read []Object, definitions []helmchart.CRD) ([]*unstructured.Unstructured, error) {
	defined, err := DecodeDefinitions(definitions)
	return slices.Concat(defined, Plain(read, false), Plain(read, true)), err
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
