package kubernetes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// setting is what settings.go says about an environment variable.
type setting struct {
	required bool
	fallback string
}

// settings returns the broker's settings by name.
func settings(t *testing.T) map[string]setting {
	t.Helper()
	found := map[string]setting{}
	for _, name := range []string{"settings.go", "settings_door.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../cmd/broker/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		collect(t, file, found)
	}
	if len(found) == 0 {
		t.Fatal("the files have no field with an env tag")
	}
	return found
}

func collect(t *testing.T, file *ast.File, found map[string]setting) {
	t.Helper()
	ast.Inspect(file, func(node ast.Node) bool {
		field, ok := node.(*ast.Field)
		if !ok || field.Tag == nil {
			return true
		}
		text, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			t.Fatal(err)
		}
		tag := reflect.StructTag(text)
		if name, options, _ := strings.Cut(tag.Get("env"), ","); name != "" {
			required := slices.Contains(strings.Split(options, ","), "required")
			found[name] = setting{required: required, fallback: tag.Get("envDefault")}
		}
		return true
	})
}

func TestDeploymentSetsSettings(t *testing.T) {
	pod := only[*appsv1.Deployment](t, decodeAll(t)).Spec.Template.Spec
	var names []string
	for _, e := range pod.Containers[0].Env {
		names = append(names, e.Name)
	}
	checkSettings(t, names)
}

func TestImageSetsSettings(t *testing.T) {
	for _, value := range dockerfile(t)["ENV"] {
		name, _, _ := strings.Cut(value, "=")
		if _, known := settings(t)[name]; !known {
			t.Errorf("the broker has no setting %s", name)
		}
	}
}

// app is what manifest.yml says about the one app.
type app struct {
	Name       string            `json:"name"`
	Path       string            `json:"path"`
	Buildpacks []string          `json:"buildpacks"`
	Command    string            `json:"command"`
	Memory     string            `json:"memory"`
	DiskQuota  string            `json:"disk_quota"`
	Instances  int               `json:"instances"`
	HealthType string            `json:"health-check-type"`
	HealthPath string            `json:"health-check-http-endpoint"`
	Env        map[string]string `json:"env"`
}

func cfApp(t *testing.T) app {
	t.Helper()
	var manifest struct {
		Applications []app `json:"applications"`
	}
	readStrictly(t, "../../manifest.yml", &manifest)
	if len(manifest.Applications) != 1 {
		t.Fatalf("manifest.yml has %d apps, want 1", len(manifest.Applications))
	}
	return manifest.Applications[0]
}

func TestCFManifestSetsSettings(t *testing.T) {
	env := cfApp(t).Env
	checkSettings(t, slices.Collect(maps.Keys(env)))
	// Outside the cluster there is no ServiceAccount to fall back on.
	for _, name := range []string{"SERVER", "TOKEN", "CA_DATA"} {
		if env[name] == "" {
			t.Errorf("%s isn't set", name)
		}
	}
	for name, value := range env {
		isVariable := strings.HasPrefix(value, "((") && strings.HasSuffix(value, "))")
		isSecret := strings.Contains(name, "PASSWORD") || strings.Contains(name, "SECRET") || strings.Contains(name, "TOKEN")
		if isSecret && !isVariable {
			t.Errorf("%s is written out; it has to be a ((variable))", name)
		}
	}
}

// checkSettings holds names against the settings: all known, and all that are required among them.
func checkSettings(t *testing.T, names []string) {
	t.Helper()
	known := settings(t)
	for _, name := range names {
		if _, found := known[name]; !found {
			t.Errorf("the broker has no setting %s", name)
		}
	}
	for name, s := range known {
		if s.required && !slices.Contains(names, name) {
			t.Errorf("the required setting %s isn't set", name)
		}
	}
}
