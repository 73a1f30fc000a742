package generated

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// rendering is a chart that was rendered twice.
type rendering struct {
	// files are those of the first rendering that aren't the same in the second.
	files []*file
	// twins are the second's objects, before those that were made last.
	twins, before map[identity]*object
	// first and second are what was kept in the place of each one's values.
	first, second replacements
	// mixed are those of Secrets that were kept whole, though not all is generated.
	mixed []candidate
	// room is what both may still add.
	room *room
}

type file struct {
	template  *helmchart.File
	documents []*document
	objects   []*object
}

// document is one of a file's manifests. content is nil if it isn't YAML, which Helm tells.
type document struct {
	text    string
	content any
	changed bool
}

// read finds what differs between two renderings of a chart.
func read(made, again *helmchart.Chart) *rendering {
	growth := &room{left: mostGrowth}
	r := &rendering{twins: map[identity]*object{}, first: replacements{room: growth}, second: replacements{room: growth}, room: growth}
	others := map[string]string{}
	for _, t := range again.Templates {
		others[t.Name] = render.TextOf(t)
	}
	for _, t := range made.Templates {
		text := render.TextOf(t)
		if other, found := others[t.Name]; text == other || !found || path.Base(t.Name) == "NOTES.txt" {
			continue
		}
		f := &file{template: t}
		f.documents, f.objects = documentsOf(text)
		_, twins := documentsOf(others[t.Name])
		for _, o := range twins {
			r.twins[o.identity] = o
		}
		r.files = append(r.files, f)
	}
	return r
}

func documentsOf(text string) (documents []*document, objects []*object) {
	parts := releaseutil.SplitManifests(text)
	for n := range len(parts) {
		d := &document{text: parts[fmt.Sprintf("manifest-%d", n)]}
		d.content, _ = decode(d.text)
		documents = append(documents, d)
		objects = append(objects, objectsIn(d, d.content)...)
	}
	return documents, objects
}

// objectsOf are the objects of a manifest.
func objectsOf(manifest string) map[identity]*object {
	all := map[identity]*object{}
	_, objects := documentsOf(manifest)
	for _, o := range objects {
		all[o.identity] = o
	}
	return all
}

// decode reads YAML, and leaves numbers as they are written.
func decode(text string) (any, error) {
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(asJSON))
	decoder.UseNumber()
	var content any
	err = decoder.Decode(&content)
	return content, err
}

// objectsIn are the objects of a document: itself, or the items of a list.
func objectsIn(d *document, content any) []*object {
	fields, isMap := content.(map[string]any)
	if !isMap {
		return nil
	}
	kind, _ := fields["kind"].(string)
	items, isList := fields["items"].([]any)
	if !isList || !strings.HasSuffix(kind, "List") {
		return []*object{{identity: identityOf(fields), fields: fields, document: d}}
	}
	var all []*object
	for _, item := range items {
		all = append(all, objectsIn(d, item)...)
	}
	return all
}

// write puts what has changed into the templates of the first rendering.
func (r *rendering) write() error {
	for _, f := range r.files {
		if !slices.ContainsFunc(f.documents, func(d *document) bool { return d.changed }) {
			continue
		}
		var texts []string
		for _, d := range f.documents {
			if d.changed {
				text, err := yaml.Marshal(d.content)
				if err != nil {
					return fmt.Errorf("writing what %s renders to: %w", f.template.Name, err)
				}
				d.text = string(text)
			}
			texts = append(texts, strings.TrimSuffix(d.text, "\n")+"\n")
		}
		render.SetText(f.template, strings.Join(texts, "---\n"))
	}
	return nil
}
