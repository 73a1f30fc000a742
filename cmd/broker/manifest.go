package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// pushed is the one app of a manifest of Cloud Foundry, as `cf push` would start it.
type pushed struct {
	Name    string         `json:"name"`
	Path    string         `json:"path"`
	Command string         `json:"command"`
	Env     map[string]any `json:"env"`

	folder string // that is pushed
	// given are the variables' values. Each is a secret for all that is known of it.
	given           map[string]string
	missing, unused []string
}

// readPushed reads the manifest, with its variables filled in as cf does.
func readPushed(manifest string, varsFiles []string) (*pushed, error) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	var whole struct {
		Applications []*pushed `json:"applications"`
	}
	if err := yaml.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("%s isn't a manifest: %w", manifest, err)
	}
	if len(whole.Applications) != 1 || whole.Applications[0] == nil {
		return nil, fmt.Errorf("%s has %d applications, and one is looked at", manifest, len(whole.Applications))
	}
	app := whole.Applications[0]
	app.folder = filepath.Join(filepath.Dir(manifest), app.Path)
	if app.given, err = readVars(varsFiles); err != nil {
		return nil, err
	}
	var all any
	if err := yaml.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s isn't a manifest: %w", manifest, err)
	}
	app.fillIn(all)
	return app, nil
}

// readVars reads the variables' values, of which the last file's count.
func readVars(files []string) (map[string]string, error) {
	given := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading variables: %w", err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(text, &values); err != nil {
			return nil, fmt.Errorf("%s isn't YAML with a value for each variable", file) // the error quotes it
		}
		for name, value := range values {
			if given[name], err = plain(value); err != nil {
				return nil, fmt.Errorf("%s: the variable %s %w", file, name, err)
			}
		}
	}
	return given, nil
}

// plain is a value as it comes to stand in the environment.
func plain(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string, bool, int64, float64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("is neither text nor a number")
}

var variable = regexp.MustCompile(`\(\(([-/.\w]+)\)\)`)

// fillIn puts variables' values where the manifest names them, and notes which have none
// and which aren't named.
func (p *pushed) fillIn(manifest any) {
	named := map[string]bool{}
	collectVariables(manifest, named)
	for name := range named {
		if _, found := p.given[name]; !found {
			p.missing = append(p.missing, name)
		}
	}
	for name := range p.given {
		if !named[name] {
			p.unused = append(p.unused, name)
		}
	}
	slices.Sort(p.missing)
	slices.Sort(p.unused)
	for name, value := range p.Env {
		if text, isText := value.(string); isText {
			p.Env[name] = variable.ReplaceAllStringFunc(text, func(found string) string { return p.given[found[2:len(found)-2]] })
		}
	}
}

// collectVariables gathers those that are named anywhere in a value.
func collectVariables(value any, into map[string]bool) {
	switch v := value.(type) {
	case string:
		for _, found := range variable.FindAllStringSubmatch(v, -1) {
			into[found[1]] = true
		}
	case map[string]any:
		for _, item := range v {
			collectVariables(item, into)
		}
	case []any:
		for _, item := range v {
			collectVariables(item, into)
		}
	}
}

// environment is what the app is started with. Paths lead to where they will: the app is
// started in the folder that is pushed.
func (p *pushed) environment() (map[string]string, error) {
	environment := map[string]string{"PORT": "8080"} // as Cloud Foundry does
	for name, value := range p.Env {
		text, err := plain(value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		if isPath(name) && text != "" && !filepath.IsAbs(text) {
			text = filepath.Join(p.folder, text)
		}
		environment[name] = text
	}
	if _, set := environment["HELM_CHART_DIR"]; !set && environment["CHART_SOURCES"] == "" {
		environment["HELM_CHART_DIR"] = filepath.Join(p.folder, "charts")
	}
	return environment, nil
}

// isPath tells whether a setting is a file's or a folder's path.
func isPath(setting string) bool {
	return strings.HasSuffix(setting, "_FILE") || strings.HasSuffix(setting, "_DIR") ||
		slices.Contains([]string{"CHART_SOURCES", "OPERATOR_SOURCES", "KUBECONFIG", "BIND_LIBRARY"}, setting)
}

// hide has variables named instead of their values, in whatever is to be printed.
func (p *pushed) hide(text string) string {
	names := make([]string, 0, len(p.given))
	for name := range p.given {
		names = append(names, name)
	}
	// The longest first: one may be part of another.
	slices.SortFunc(names, func(a, b string) int { return len(p.given[b]) - len(p.given[a]) })
	for _, name := range names {
		value := p.given[name]
		if len(value) <= 3 {
			continue
		}
		for _, form := range []string{value, strings.Trim(fmt.Sprintf("%q", value), `"`)} {
			text = strings.ReplaceAll(text, form, "(("+name+"))")
		}
	}
	return text
}
