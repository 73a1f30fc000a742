package generated

import (
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Change is a field that each update changes, since the chart generates it and Keep
// doesn't keep it, or that none does.
type Change struct {
	// File is the template, as it lies in the chart's folder.
	File       string
	Kind, Name string
	// Hook tells whether the object is one of a hook.
	Hook bool
	// Path are the field's keys and, of lists, names or places in brackets. It is
	// metadata.name of an object that is another one each time.
	Path []string
	// First and Second are what it was in two renderings; nil where it wasn't there.
	First, Second any
	// Frozen says the opposite of a text in a Secret: no update changes it, though not all
	// of it is generated.
	Frozen bool
}

// Foresee returns what an update would change of what the chart renders to, if
// nothing else but generated values differed: made is what was installed, again the
// chart rendered once more. Neither is changed.
func Foresee(made, again *helmchart.Chart) ([]Change, error) {
	update := copyOf(again)
	var texts []string
	secrets := map[identity]map[string][]byte{}
	for _, f := range read(made, again).files {
		texts = append(texts, render.TextOf(f.template))
		for _, o := range f.objects {
			if o.isSecret() {
				secrets[o.identity] = bytesOf(o.secretData())
			}
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	live := func(namespace, name string) (map[string][]byte, error) {
		return secrets[identity{kind: "Secret", namespace: namespace, name: name}], nil
	}
	kept, err := Keep(update, made, strings.Join(texts, "\n---\n"), live)
	if err != nil {
		return nil, err
	}
	return slices.Concat(read(made, update).changes(), kept.frozen()), nil
}

func (k Kept) frozen() []Change {
	var all []Change
	for _, c := range k.mixed {
		all = append(all, Change{File: c.file, Kind: c.object.kind, Name: c.object.name, Path: []string{"data", c.key}, Frozen: true})
	}
	return all
}

func copyOf(c *helmchart.Chart) *helmchart.Chart {
	other := *c
	other.Templates = nil
	for _, t := range c.Templates {
		template := *t
		other.Templates = append(other.Templates, &template)
	}
	return &other
}

func bytesOf(data map[string]string) map[string][]byte {
	all := map[string][]byte{}
	for key, value := range data {
		all[key] = []byte(value)
	}
	return all
}

func (r *rendering) changes() []Change {
	var all []Change
	for _, f := range r.files {
		for _, o := range f.objects {
			of := Change{File: f.template.Name, Kind: o.kind, Name: o.name, Hook: o.isHook()}
			twin := r.twins[o.identity]
			if twin == nil {
				of.Path = []string{"metadata", "name"}
				all = append(all, of)
				continue
			}
			o.walk(twin, nil, func(d difference) any {
				of.Path, of.First, of.Second = d.path.names(), d.first, d.second
				all = append(all, of)
				return d.first
			})
		}
	}
	return all
}
