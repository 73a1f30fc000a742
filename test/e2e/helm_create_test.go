package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const chartsDocument = "../../docs/charts.md"

// document reads docs/charts.md for what its worked example shows: files, by
// their path, and outputs, by their command.
func document(t *testing.T) (files, outputs map[string]string) {
	t.Helper()
	text, err := os.ReadFile(chartsDocument)
	if err != nil {
		t.Fatal(err)
	}
	files, outputs = map[string]string{}, map[string]string{}
	for _, block := range regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		head, rest, _ := strings.Cut(block[1], "\n")
		if path, ok := strings.CutPrefix(head, "# my-chart/"); ok {
			files["my-chart/"+path] = block[1]
		}
		if command, ok := strings.CutPrefix(head, "$ "); ok {
			outputs[command] = rest
		}
	}
	return files, outputs
}

// TestHelmCreate follows the worked example of docs/charts.md to the letter,
// from `helm create` to bound credentials.
func TestHelmCreate(t *testing.T) {
	files, outputs := document(t)
	if len(files) != 4 {
		t.Fatalf("docs/charts.md shows the files %v, want plans.yaml, two plans and bind.yaml", files)
	}
	folder := t.TempDir()
	if _, err := chartutil.Create("my-chart", folder); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, folder, files)

	check := exec.CommandContext(t.Context(), binary, "charts", "check", "my-chart")
	check.Dir = folder
	output, err := check.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	if want := outputs["bin/broker charts check my-chart"]; string(output) != want {
		t.Errorf("charts check prints\n%s\nand docs/charts.md shows\n%s", output, want)
	}

	f := newFoundation(t, folder, nil)
	for plan, pods := range map[string]int{"small": 1, "large": 3} {
		i := f.create("my-chart", plan, nil)
		app, binding := f.app(), uuid.NewString()
		var body struct {
			Credentials struct {
				Host, URI string
				Hosts     []string
				Port      int
			}
		}
		f.must(f.want(201)(f.Bind(t.Context(), i, binding, app)).Decode(&body))
		got := body.Credentials
		f.wantOverlayPod(i, got.Host, "-my-chart-")
		if want := "http://" + netip.AddrPortFrom(netip.MustParseAddr(got.Host), 80).String() + "/"; got.Port != 80 || got.URI != want {
			t.Errorf("plan %s: the credentials are %+v, want port 80 and %s", plan, got, want)
		}
		if have := len(f.pods(i)); have != pods || len(got.Hosts) != pods || got.Hosts[0] != got.Host {
			t.Errorf("plan %s has %d pods and hands out %v, want %d", plan, have, got.Hosts, pods)
		}
		f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 80, 80))
		f.want(200)(f.Unbind(t.Context(), i, binding))
		f.update(i, map[string]any{"parameters": map[string]any{"replicaCount": 2}})
		f.delete(i)
	}

	refused := f.want(400)(f.Provision(t.Context(), f.instance("my-chart", "small"), map[string]any{"image": map[string]any{"tag": "latest"}}))
	if !strings.Contains(refused.Description(), fmt.Sprintf("doesn't let you set %q", "image")) {
		t.Errorf("a parameter that isn't allowed is answered with %s", refused.Body)
	}
}
