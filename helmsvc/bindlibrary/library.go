package bindlibrary

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
)

//go:embed *.jsonnet *.libsonnet kinds/*.jsonnet
var own embed.FS

// extension is what the files of kinds end in.
const extension = ".jsonnet"

// Library makes credentials for charts without a bind template.
type Library struct{ template bindtemplate.Template }

// New is the library with what the operator's folder adds: each file NAME.jsonnet in it is a kind,
// in place of the library's own of that name. Without a folder, "", it is the library's own. The
// error names the file that isn't Jsonnet.
func New(folder string) (*Library, error) {
	files := map[string]string{}
	if err := read(own, ".", files); err != nil {
		return nil, err
	}
	if folder != "" {
		added := map[string]string{}
		if err := read(os.DirFS(folder), ".", added); err != nil {
			return nil, fmt.Errorf("reading the bind library's folder %s: %w", folder, err)
		}
		for name, text := range added {
			if filepath.Dir(name) == "." && path.Ext(name) == extension {
				files["kinds/"+name] = text
			}
		}
	}
	template := bindtemplate.Template{File: "bind library", Line: 1, Text: choosing(files), Imports: files}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := (bindtemplate.Template{File: name, Line: 1, Text: files[name]}).Check(); err != nil {
			return nil, err
		}
	}
	return &Library{template: template}, nil
}

// read reads the files of kinds and what they import, by their paths.
func read(from fs.FS, folder string, files map[string]string) error {
	return fs.WalkDir(from, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if ext := path.Ext(name); ext != extension && ext != ".libsonnet" {
			return nil
		}
		text, err := fs.ReadFile(from, name)
		files[name] = string(text)
		return err
	})
}

// choosing is the expression that chooses among all kinds, by their names' order.
func choosing(files map[string]string) string {
	var kinds []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if name, isKind := strings.CutPrefix(file, "kinds/"); isKind {
			quoted, _ := json.Marshal(strings.TrimSuffix(name, extension))
			kinds = append(kinds, fmt.Sprintf("{ name: %s, names: [], images: [], ports: [], portNames: [], needsPassword: false, logins: [], more(s):: {} } + import %q", quoted, file))
		}
	}
	return "(import 'choose.jsonnet')($, [\n" + strings.Join(kinds, ",\n") + "\n])"
}

// Choice is what the library makes of an instance.
type Choice struct {
	// Rule says what made the credentials: a kind, such as "postgresql", or a Secret of the Service
	// Binding Specification; "" if nothing in the library fits.
	Rule string `json:"rule"`
	// Credentials is a JSON object, null without a rule.
	Credentials json.RawMessage `json:"credentials"`
}

// Choose makes the credentials of an instance whose chart has no template. sees is what a template
// would see of it. Without a library, nil, nothing fits.
func (l *Library) Choose(ctx context.Context, templates *bindtemplate.Evaluator, sees json.RawMessage) (Choice, error) {
	if l == nil {
		return Choice{}, nil
	}
	text, err := templates.Evaluate(ctx, l.template, sees)
	if err != nil {
		return Choice{}, fmt.Errorf("%w; a bind.yaml in the chart does without the library", err)
	}
	var choice Choice
	if err := json.Unmarshal(text, &choice); err != nil {
		return Choice{}, fmt.Errorf("reading what the bind library yields: %w", err)
	}
	return choice, nil
}
