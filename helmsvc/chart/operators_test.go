package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// TestLoadOperators: an operator has the values that lie beside its chart, as they are
// written, and is another one when they change. Values that can't be read leave out that
// operator, and no other.
func TestLoadOperators(t *testing.T) {
	folder := write(t, map[string]string{
		"a/Chart.yaml": chartYAML("a"), "a.values.yaml": "replicas: 2\ntext: \"{{ kept }}\"\n",
		"b/Chart.yaml": chartYAML("b"), "b.values.yaml": "- a list\n",
		"c/Chart.yaml": chartYAML("c"),
	})
	loaded := func() chart.Catalog {
		found, err := source.Folder(folder)
		if err != nil {
			t.Fatal(err)
		}
		return chart.LoadOperators(t.Context(), found, nil, nil)
	}
	first := loaded()
	if len(first.Services) != 2 || len(first.Problems) != 1 || first.Problems[0].From != filepath.Join(folder, "b") || !strings.Contains(first.Problems[0].Err.Error(), "b.values.yaml: it isn't a file of values") {
		t.Fatalf("loaded %d operators, with the problems %v", len(first.Services), first.Problems)
	}
	a, c := first.Services[0], first.Services[1]
	if string(a.OperatorValues()) != `{"replicas":2,"text":"{{ kept }}"}` || c.OperatorValues() != nil {
		t.Errorf("the values are %s and %s", a.OperatorValues(), c.OperatorValues())
	}
	what, err := a.Render(t.Context(), chart.Plan{}, "a", "ns", a.OperatorValues())
	if err != nil || what.Values["text"] != "{{ kept }}" {
		t.Errorf("rendered with %v, %v", what.Values, err)
	}
	plain, err := chart.Load(folder)
	if err != nil || plain.Services[2].Digest != c.Digest || plain.Services[0].Digest == a.Digest {
		t.Errorf("the digest has to tell of the values, and of nothing else: %v", err)
	}
	if again := loaded().Services[0]; again.Digest != a.Digest {
		t.Error("the digest of the same is another")
	}
	if err := os.WriteFile(filepath.Join(folder, "a.values.yaml"), []byte("replicas: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed := loaded().Services[0]; changed.Digest == a.Digest {
		t.Error("with other values the digest is the same")
	}
}
