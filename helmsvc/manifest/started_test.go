package manifest

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestStarted leaves out what an operation doesn't start, and needn't be refused for.
func TestStarted(t *testing.T) {
	object := func(name, kind, hook string, spec map[string]any) Object {
		o := &unstructured.Unstructured{Object: map[string]any{"kind": kind, "spec": spec}}
		o.SetName(name)
		if hook != "" {
			o.SetAnnotations(map[string]string{"helm.sh/hook": hook})
		}
		return Object{Unstructured: o}
	}
	all := []Object{
		object("db", "StatefulSet", "", nil), object("backup", "CronJob", "", nil), object("later", "Job", "", map[string]any{"suspend": true}),
		object("now", "Job", "", map[string]any{"suspend": false}), object("first", "Job", "pre-install", nil),
		object("always", "Job", "post-install, post-upgrade", nil), object("changing", "Pod", "pre-upgrade", nil), object("last", "Job", "pre-delete", nil),
	}
	for upgrade, want := range map[bool][]string{
		false: {"db", "now", "first", "always"},
		true:  {"db", "now", "always", "changing"},
	} {
		var got []string
		for _, o := range Started(all, upgrade) {
			got = append(got, o.GetName())
		}
		if !slices.Equal(got, want) {
			t.Errorf("upgrade %t: %v, want %v", upgrade, got, want)
		}
	}
}
