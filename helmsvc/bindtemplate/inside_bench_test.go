package bindtemplate

import (
	"encoding/json"
	"testing"
)

// BenchmarkEvaluateInside is the evaluation alone, without its process.
func BenchmarkEvaluateInside(b *testing.B) {
	template, err := Parse("bind.yaml", []byte(`template: '{host: $.services[0].spec.clusterIP, password: $.secrets[0].data["root-password"]}'`))
	if err != nil {
		b.Fatal(err)
	}
	sees := json.RawMessage(`{"secrets":[{"name":"first","data":{"root-password":"x"}}],"services":[{"name":"db","spec":{"clusterIP":"10.255.0.7"}}]}`)
	for b.Loop() {
		if _, err := template.evaluate(sees); err != nil {
			b.Fatal(err)
		}
	}
}
