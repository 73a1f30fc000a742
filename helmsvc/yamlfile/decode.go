package yamlfile

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
	kubeyaml "sigs.k8s.io/yaml"
)

// WrongError is what is wrong with a file, each as "plans.yaml:3: …".
type WrongError struct{ Mistakes []string }

func (e *WrongError) Error() string { return strings.Join(e.Mistakes, "; ") }

// Decode reads text into what into points to, by its fields' JSON names. Keys that
// it doesn't know are refused. The error is a *WrongError.
func Decode(file string, text []byte, into any) error {
	err := kubeyaml.UnmarshalStrict(text, into)
	if err == nil {
		return nil
	}
	return explained(file, text, reflect.TypeOf(into).Elem(), true, err)
}

// Explain is nil if text can be read into what like is, whatever other keys it has,
// and else Decode's error.
func Explain(file string, text []byte, like any) error {
	kind := reflect.TypeOf(like)
	err := kubeyaml.Unmarshal(text, reflect.New(kind).Interface())
	if err == nil {
		return nil
	}
	return explained(file, text, kind, false, err)
}

// explained puts err, with which text couldn't be read, into its author's words.
func explained(file string, text []byte, kind reflect.Type, strict bool, err error) error {
	var document yaml.Node
	if syntax := yaml.Unmarshal(text, &document); syntax != nil {
		return Mistake(file, syntax)
	}
	w := walk{file: file, strict: strict}
	if len(document.Content) == 1 {
		w.look(document.Content[0], kind, "")
	}
	if len(w.wrong) == 0 { // what this knows nothing of
		return Mistake(file, err)
	}
	return &WrongError{Mistakes: w.wrong}
}

var (
	lead = regexp.MustCompile(`^(?:error (?:converting YAML to JSON|unmarshaling JSON): |while decoding JSON: |yaml: |json: |unmarshal errors:\s*)+`)
	ofGo = regexp.MustCompile(`cannot unmarshal (\w+).* into Go .*`)
	line = regexp.MustCompile(`^line (\d+): `)
)

// Mistake is a *WrongError of a YAML parser's error.
func Mistake(file string, err error) error {
	text := Words(err)
	at := line.FindStringSubmatch(text)
	if at == nil {
		return &WrongError{Mistakes: []string{fmt.Sprintf("%s: it isn't valid YAML: %s", file, text)}}
	}
	return &WrongError{Mistakes: []string{fmt.Sprintf("%s:%s: it isn't valid YAML: %s", file, at[1], strings.TrimPrefix(text, at[0]))}}
}

// Words are a YAML parser's, without those that only programmers understand.
func Words(err error) string {
	return ofGo.ReplaceAllString(lead.ReplaceAllString(err.Error(), ""), "a $1 stands where something else is expected")
}
