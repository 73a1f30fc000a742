package bindlibrary_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the child process that renders charts and evaluates the library.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "evaluate" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{bindtemplate.HandleName: bindtemplate.Handle, render.HandleName: render.Handle}))
	}
	os.Exit(m.Run())
}

// workers are shared by all tests: with the race detector the start of a process
// takes a second.
var workers = &sandbox.Workers{Command: []string{os.Args[0], "evaluate"}, Keep: true}

// server is a chart of that name whose values say what it makes: see testdata/server.
type server struct{ name, values string }

// yields returns what an app that is bound to an instance of the chart finds, and by which rule.
func (s server) yields(t *testing.T, library *bindlibrary.Library, named bool) (rule string, found map[string]any) {
	t.Helper()
	rule, text, err := s.credentials(t, library, named)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return rule, found
}

func (s server) credentials(t *testing.T, library *bindlibrary.Library, named bool) (string, json.RawMessage, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "server"))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "Chart.yaml"), "apiVersion: v2\nname: "+s.name+"\nversion: 1.0.0\n")
	write(t, filepath.Join(folder, "values.yaml"), s.values)
	limits := sandbox.Limits{Time: 10 * time.Second, Memory: 256 << 20}
	checker := chartcheck.Checker{
		Templates: &bindtemplate.Evaluator{Workers: workers, Limits: limits},
		Library:   library,
		Renderer:  &render.Renderer{Workers: workers, Limits: limits, Output: 8 << 20},
	}
	return checker.Yield(t.Context(), folder, "default", nil, named)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func own(t *testing.T) *bindlibrary.Library {
	t.Helper()
	library, err := bindlibrary.New("")
	if err != nil {
		t.Fatal(err)
	}
	return library
}
