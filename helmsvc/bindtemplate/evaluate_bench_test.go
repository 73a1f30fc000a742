package bindtemplate_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// BenchmarkParse is what a chart's loading does.
func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("../../charts/redis/bind.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := bindtemplate.Parse("bind.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvaluate evaluates a template as a bind does: in a process of its
// own. Here that is the test binary, which starts sooner than the broker's.
func BenchmarkEvaluate(b *testing.B) {
	template, err := bindtemplate.Parse("bind.yaml", []byte(`template: '{host: $.services[0].spec.clusterIP, password: $.secrets[0].data["root-password"]}'`))
	if err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	e := &bindtemplate.Evaluator{
		Workers: &sandbox.Workers{Command: []string{self, "evaluate"}}, Limits: sandbox.Limits{Time: 5 * time.Second, Memory: 128 << 20},
	}
	for b.Loop() {
		if _, err := e.Evaluate(b.Context(), template, json.RawMessage(sees)); err != nil {
			b.Fatal(err)
		}
	}
}
