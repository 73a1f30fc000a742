package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
)

// parametersOf are real ones, and tricks.
var parametersOf = []string{
	``, `null`, `{}`, `{"replicas":3}`, `{"persistence":{"size":"10Gi","class":null},"users":[{"name":"a","admin":true}]}`,
	`{"size":12345678901234567890}`, `{"size":1e400}`, `{"size":0.1}`, `{"size":1e6,"a":-0.0}`, `{"a":1,"a":2}`,
	`{"global":{"imageRegistry":"example.com"}}`, `{"sub":{"global":{"a":1}}}`, `{"sub":null}`, `{"tags":{"x":true}}`,
	`{"a":"{{ lookup \"v1\" \"Secret\" \"default\" \"\" }}"}`, `{"a":"\u007b\u007b . }}"}`, `{"{{":1}`, `{"storage":{"class":"x"}}`, `{"storage":{"":1}}`,
	`{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}`, `{"\ud800":"\udfff"}`, "{\"a\":\"\xff\"}", `{} {}`, `[1]`, `7`, `{"a":}`,
}

// inMemory loads a chart of these files.
func inMemory(t testing.TB, files map[string]string) (Service, error) {
	t.Helper()
	var buffered []*loader.BufferedFile
	own := map[string][]byte{}
	for name, text := range files {
		buffered = append(buffered, &loader.BufferedFile{Name: name, Data: []byte(text)})
		own[name] = []byte(text)
	}
	loaded, err := loader.LoadFiles(buffered)
	if err != nil {
		t.Fatal(err)
	}
	service, err := load(&contents{chart: loaded, lookup: inMap(own), own: map[string][]byte{}}, "memory")
	if err == nil {
		err = service.check(context.Background())
	}
	return service, err
}

// withSubchart is a chart whose plans differ in what they let a user set.
func withSubchart(t testing.TB) Service {
	t.Helper()
	service, err := inMemory(t, map[string]string{
		"Chart.yaml":            "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.0.0, tags: [x]}]\n",
		"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"values.yaml":           "storage: {class: a, size: 1}\nreplicas: 1\n",
		"values.schema.json":    `{"properties": {"replicas": {"type": "integer", "minimum": 1}}}`,
		"plans.yaml":            "- {name: all, file: s.yaml}\n- {name: some, file: s.yaml, allowed_parameters: [size, storage.class, sub]}\n- {name: none, file: s.yaml, allowed_parameters: []}\n- {name: any, file: s.yaml, allow_templates: true, schemas: {create: s.json}}\n",
		"plans/s.yaml":          "storage: {size: 2}\n",
		"plans/s.json":          `{"additionalProperties": {"type": ["string", "object"]}, "maxProperties": 3}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// FuzzParameters takes parameters through all that is done with them. What is
// accepted must be what was written, and nothing that a plan forbids.
func FuzzParameters(f *testing.F) {
	for _, seed := range parametersOf {
		f.Add([]byte(seed))
	}
	service := withSubchart(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := CheckBounds(text); err != nil {
			readable(t, err)
			return
		}
		decoded, err := DecodeParameters(text)
		if err != nil {
			readable(t, err)
			return
		}
		sameNumbers(t, text, decoded)
		mergesWithItself(t, text, decoded)
		for _, plan := range service.Plans {
			if plan.AllowedParameters == nil && len(decoded) > 0 && plan.CheckCreate(text) == nil {
				t.Errorf("the plan %s lists no parameters, and takes some", plan.Name)
			}
			plan = plan.TakingAnything()
			if err := plan.CheckCreate(text); err != nil {
				readable(t, err)
				continue
			}
			onlyAllowed(t, plan, decoded)
			what, err := service.Render(t.Context(), plan, "k-x", "n", text)
			if err != nil {
				t.Fatalf("accepted by the plan %s, and then %v", plan.Name, err)
			}
			if err := what.Validate(); err != nil {
				readable(t, err)
			}
		}
	})
}

// readable fails for errors that are too long for people.
func readable(t *testing.T, err error) {
	t.Helper()
	if len(err.Error()) > 5000 || strings.ContainsAny(err.Error(), "\n\r\x00\x1b") {
		t.Errorf("an error for nobody, %d bytes: %.300q", len(err.Error()), err)
	}
}

// onlyAllowed looks by other means than the plan does.
func onlyAllowed(t *testing.T, plan Plan, parameters map[string]any) {
	t.Helper()
	text, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	if !plan.AllowTemplates && bytes.Contains(text, []byte("{{")) {
		t.Errorf("the plan %s lets a template in", plan.Name)
	}
	sub, _ := parameters["sub"].(map[string]any)
	if parameters["global"] != nil || parameters["tags"] != nil || sub["global"] != nil {
		t.Errorf("the plan %s lets parameters reach beyond the chart", plan.Name)
	}
	if plan.Name == "none" && len(parameters) > 0 {
		t.Error("a plan without parameters takes some")
	}
	for key, value := range parameters {
		storage, _ := value.(map[string]any)
		_, class := storage["class"]
		if plan.Name == "some" && key != "size" && key != "sub" && (key != "storage" || len(storage) != 1 || !class) {
			t.Errorf("the plan lets a user set %q", key)
		}
	}
}

func mergesWithItself(t *testing.T, text []byte, decoded map[string]any) {
	t.Helper()
	merged, err := MergeParameters(text, text)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckBounds(merged); err != nil {
		// Escapes and the spelling of numbers may make it longer, nothing else.
		if !strings.Contains(err.Error(), "bytes") {
			t.Errorf("merged with themselves: %v", err)
		}
	}
	again, err := DecodeParameters(merged)
	if err != nil || !reflect.DeepEqual(decoded, again) {
		t.Errorf("merged with themselves they are %v and not %v: %v", again, decoded, err)
	}
}

// sameNumbers compares each number as it is written with what a chart prints.
func sameNumbers(t *testing.T, text []byte, decoded map[string]any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var written any
	if err := decoder.Decode(&written); err != nil && len(text) > 0 {
		t.Fatal(err)
	}
	if written != nil {
		compare(t, written, decoded)
	}
}

func compare(t *testing.T, written, decoded any) {
	t.Helper()
	switch w := written.(type) {
	case map[string]any:
		for key := range w {
			compare(t, w[key], decoded.(map[string]any)[key])
		}
	case []any:
		for n := range w {
			compare(t, w[n], decoded.([]any)[n])
		}
	case json.Number:
		mantissa, _, _ := strings.Cut(strings.ToLower(w.String()), "e")
		if !strings.ContainsAny(mantissa, "123456789") {
			w = "0" // 0e99999999 is hard work for an exact number
		}
		want, valid := new(big.Rat).SetString(w.String())
		got, _ := new(big.Rat).SetString(fmt.Sprint(decoded))
		if !valid || got == nil || want.Cmp(got) != 0 {
			t.Errorf("the number %s became %v", w, decoded)
		}
	}
}
