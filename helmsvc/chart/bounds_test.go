package chart_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// nested is an object in an object, so many levels deep.
func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels) + `1` + strings.Repeat("}", levels)
}

func many(keys int) string {
	var text strings.Builder
	for n := range keys {
		fmt.Fprintf(&text, `,"k%d":1`, n)
	}
	return "{" + strings.TrimPrefix(text.String(), ",") + "}"
}

// TestBounds holds parameters against each bound, on both sides of it.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct{ parameters, want string }{
		"nothing":          {``, ""},
		"null":             {`null`, ""},
		"empty":            {`{}`, ""},
		"not UTF-8":        {"{\"a\":{\"b\":\"x\xff\"}}", "a.b isn't Unicode text"},
		"half a pair":      {`{"a":["\ud83d"]}`, "a.0 isn't Unicode text"},
		"the other half":   {`{"a":"\ude00\ud83d"}`, "a isn't Unicode text"},
		"such a key":       {"{\"a\":{\"\xfe\":1}}", "isn't Unicode text"},
		"a pair":           {`{"a":"\ud83d\ude00","b":"😀ä"}`, ""},
		"meant":            {`{"a":"\uFFFD","\ufffd":"` + "\uFFFD" + `"}`, ""},
		"as deep as can":   {nested(32), ""},
		"one too deep":     {nested(33), "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a is nested deeper than 32 levels"},
		"10,000 deep":      {nested(10_000), "deeper than 32 levels"},
		"100,000 lists":    {`{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, "a.0.0"},
		"never closed":     {strings.Repeat(`{"a":`, 50_000), "deeper than 32 levels"},
		"as many as can":   {many(9_999), ""},
		"one too many":     {many(10_000), "more than 10000 keys and items"},
		"items":            {`{"a":[` + strings.Repeat("1,", 10_000) + `1]}`, "a.9998 is one too many"},
		"as long as can":   {`{"a":"` + strings.Repeat("x", 256<<10-8) + `"}`, ""},
		"one too long":     {`{"a":"` + strings.Repeat("x", 256<<10-7) + `"}`, "have 262145 bytes, and may have 262144"},
		"twice":            {`{"a":1,"b":2,"a":3}`, "the parameter a is given twice"},
		"twice below":      {`{"x":[0,{"a":1,"a":1}]}`, "the parameter x.1.a is given twice"},
		"twice by escapes": {`{"a":1,"\u0061":1}`, "the parameter a is given twice"},
		"same in others":   {`{"a":{"c":1},"b":{"c":1}}`, ""},
		"other case":       {`{"a":1,"A":1}`, ""},
		"behind the end":   {`{"a":1}{"a":{{`, "behind the end"},
		"malformed":        {`{"a":s3cr3t}`, "not valid JSON"},
		"no key":           {`{1:2}`, "not valid JSON"},
		"cut off":          {`{"a":[1`, "not valid JSON"},
		"a line's end":     {"{\"a\\nb\":1,\"a\\nb\":1}", `"a\nb" is given twice`},
		"a long key":       {`{"` + strings.Repeat("x", 1000) + `":1e999}`, "x… is a number"},
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			err := chart.CheckBounds(json.RawMessage(c.parameters))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %.300v, want %q", err, c.want)
			}
			if err != nil && (len(err.Error()) > 400 || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("the error is long, or quotes a value: %v", err)
			}
			if took := time.Since(started); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestNumbers get through to the chart as they are written, or not at all.
func TestNumbers(t *testing.T) {
	for number, want := range map[string]any{
		"0": int64(0), "-0": int64(0), "1e6": int64(1000000), "1.0": int64(1), "0e999999999": int64(0),
		"9223372036854775807": int64(9223372036854775807), "-9223372036854775808": int64(-9223372036854775808),
		"9007199254740993": int64(9007199254740993), "9007199254740993.0": int64(9007199254740993), "1e17": int64(100000000000000000), "1.2345678901234567e18": int64(1234567890123456700),
		"0.1": 0.1, "0.5": 0.5, "-2.50": -2.5, "1e22": 1e22, "1.7976931348623157e308": 1.7976931348623157e308, "5e-324": 5e-324,
		"12345678901234567890": nil, "9223372036854775808": nil, "-9223372036854775809": nil, "9223372036854775807.5": nil,
		"1e400": nil, "-1e400": nil, "1e-400": nil, "1e999999999": nil, "1e-999999999": nil,
		"0.1000000000000000055511151231257827": nil, "3.14159265358979323846": nil,
		"0." + strings.Repeat("0", 100_000) + "1e100001": nil, "1" + strings.Repeat("0", 100_000): nil,
	} {
		parameters := json.RawMessage(`{"list":[{"n":` + number + `}]}`)
		err := chart.CheckBounds(parameters)
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), "list.0.n is a number that can't be kept exactly") {
				t.Errorf("%.40s: error %v", number, err)
			}
			continue
		}
		decoded, decodeErr := chart.DecodeParameters(parameters)
		if err != nil || decodeErr != nil {
			t.Errorf("%s: errors %v, %v", number, err, decodeErr)
			continue
		}
		if got := decoded["list"].([]any)[0].(map[string]any)["n"]; got != want {
			t.Errorf("%s became %v (%T), want %v (%T)", number, got, got, want, want)
		}
	}
}

// TestNumbersInTheChart renders a big number with a chart's template.
func TestNumbersInTheChart(t *testing.T) {
	service := only(t, "", map[string]string{
		"templates/x.yaml": "n: {{ .Values.n }}\nm: {{ .Values.m | toJson }}\nall: {{ toYaml .Values.all }}\n",
	})
	text := render(t, service, `{"n":9223372036854775807,"m":0.1,"all":[1000000,-9007199254740993]}`)
	if want := "n: 9223372036854775807\nm: 0.1\nall: - 1000000\n- -9007199254740993\n"; text != want {
		t.Errorf("rendered %q, want %q", text, want)
	}
}

// TestMergedParametersAreBounded refuses what many updates have added up to.
func TestMergedParametersAreBounded(t *testing.T) {
	plan := only(t, "", nil).Plans[0].TakingAnything()
	half := func(key string) json.RawMessage {
		return json.RawMessage(`{"` + key + `":"` + strings.Repeat("x", 200<<10) + `"}`)
	}
	merged, err := chart.MergeParameters(half("a"), half("b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.CheckAllowed(half("a")); err != nil {
		t.Error(err)
	}
	if err := plan.CheckAllowed(merged); err == nil || !strings.Contains(err.Error(), "bytes, and may have 262144 at most") {
		t.Errorf("error %v", err)
	}
}
