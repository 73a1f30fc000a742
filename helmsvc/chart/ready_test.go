package chart

import "testing"

// TestExpectation takes what `kubectl wait --for` takes, as far as it is about
// the object's status.
func TestExpectation(t *testing.T) {
	for text, want := range map[string]Expectation{
		"create":                                                     {},
		"condition=Available":                                        {Condition: "Available", Value: "True"},
		"condition=example.com/Up=unknown":                           {Condition: "example.com/Up", Value: "unknown"},
		"jsonpath={.status.phase}=Running":                           {Path: "{.status.phase}", Value: "Running"},
		"jsonpath='{.status.phase}'=in good shape":                   {Path: "{.status.phase}", Value: "in good shape"},
		"jsonpath={.status.address}":                                 {Path: "{.status.address}"},
		`jsonpath={.status.conditions[?(@.type=="Up")].status}=True`: {Path: `{.status.conditions[?(@.type=="Up")].status}`, Value: "True"},
		"jsonpath={.status.ready}=3=3":                               {Path: "{.status.ready}", Value: "3=3"},
	} {
		if got, err := parseExpectation(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "Ready", "delete", "condition=", "condition=A B", "jsonpath=", "jsonpath=.status.phase=Running", "jsonpath={.spec.password}=x",
		"jsonpath={..phase}=x", "jsonpath={.status..phase}=x", "jsonpath={.status.a}{.spec.b}=x", "jsonpath={.status.a[?(@.b}=x",
	} {
		if got, err := parseExpectation(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}
