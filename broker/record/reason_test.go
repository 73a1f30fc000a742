package record_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

func TestReasonOf(t *testing.T) {
	long := "it began; " + strings.Repeat("näher ", 100_000) + "; it ended"
	for name, c := range map[string]struct {
		text, begin, end string
		most             int
	}{
		"none":       {"", "", "", 0},
		"short":      {"no such image", "no such image", "no such image", 13},
		"as it fits": {strings.Repeat("x", 1000), "xx", "xx", 1000},
		"long":       {long, "it began; näher", "; it ended", 1000},
		"odd runes":  {strings.Repeat("é", 700), "é", "é", 1000},
		"even runes": {"x" + strings.Repeat("é", 700), "xé", "é", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(record.ReasonOf(c.text))
			if !strings.HasPrefix(got, c.begin) || !strings.HasSuffix(got, c.end) || len(got) > c.most || !utf8.ValidString(got) {
				t.Errorf("%d bytes became %d: %s", len(c.text), len(got), got)
			}
			if record.ReasonOf(got) != record.Reason(got) {
				t.Error("what was bounded changes when it is bounded again")
			}
		})
	}
}

// TestReasonsAreOneLine, as Helm's and joined errors aren't.
func TestReasonsAreOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"one  line, as it is": "one  line, as it is",
		"values don't fit:\nredis:\n- replicas: Invalid type.\n- (root): unknown\n": "values don't fit: redis: - replicas: Invalid type. - (root): unknown",
		"no such image\nno such account":                                            "no such image; no such account",
		"execution error:\r\n\r\n    give a password\n":                             "execution error: give a password",
		"\n\n": "",
	} {
		if got := record.ReasonOf(text); string(got) != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestReasonsAreBounded wherever one is made, and where an earlier broker's is
// read.
func TestReasonsAreBounded(t *testing.T) {
	long := strings.Repeat("n", 2<<20)
	for name, o := range map[string]any{
		"description": record.Operation{Description: record.Reason(long)},
		"held up":     record.Operation{HeldUp: record.Reason(long)},
		"binding":     record.BindOperation{Description: record.Reason(long)},
	} {
		text, err := json.Marshal(o)
		if err != nil || len(text) > 2000 {
			t.Errorf("%s: a record of %d bytes, %v", name, len(text), err)
		}
	}
	var read record.Operation
	if err := json.Unmarshal([]byte(`{"description":"`+long+`"}`), &read); err != nil || len(read.Description) > 1000 {
		t.Errorf("read with %d bytes, %v", len(read.Description), err)
	}
}
