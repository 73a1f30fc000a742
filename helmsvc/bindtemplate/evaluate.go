package bindtemplate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-jsonnet"
)

// maxStack bounds recursion; go-jsonnet's own default is 500.
const maxStack = 500

// longestCredentials is how long credentials may be: apps get them in one
// environment variable, and Linux takes no longer one.
const longestCredentials = 128 << 10

// seen is Jsonnet's name for what a template sees.
const seen = "sees"

// Check finds what is wrong with the expression without evaluating it.
func (t Template) Check() error {
	if _, err := jsonnet.SnippetToAST(t.File, t.around()); err != nil {
		return t.inFile(err)
	}
	return nil
}

// evaluate evaluates the expression in this process, unbounded in time and
// memory. sees is the JSON object that the template calls $.
func (t Template) evaluate(sees json.RawMessage) (json.RawMessage, error) {
	return t.evaluateWithin(maxStack, sees)
}

func (t Template) evaluateWithin(stack int, sees json.RawMessage) (json.RawMessage, error) {
	vm := jsonnet.MakeVM()
	vm.MaxStack = stack
	// Jsonnet's own importer would let a template read the broker's files.
	vm.Importer(t.importer())
	vm.ExtVar(seen, string(sees))
	text, err := vm.EvaluateAnonymousSnippet(t.File, t.around())
	if err != nil {
		return nil, t.inFile(err)
	}
	if !strings.HasPrefix(text, "{") {
		return nil, fmt.Errorf("%s:%d: %w, such as {host: …}", t.File, t.Line, errShape)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return nil, fmt.Errorf("%s: Jsonnet's result can't be read: %w", t.File, err)
	}
	if err := CheckLength(compact.Bytes()); err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	return compact.Bytes(), nil
}

func (t Template) importer() jsonnet.Importer {
	files := map[string]jsonnet.Contents{}
	for name, text := range t.Imports {
		files[name] = jsonnet.MakeContents(text)
	}
	return &jsonnet.MemoryImporter{Data: files}
}

// CheckLength refuses credentials, a template's or others, that no app could
// start with.
func CheckLength(credentials []byte) error {
	if len(credentials) <= longestCredentials {
		return nil
	}
	return &TooLongError{Bytes: len(credentials)}
}

// TooLongError says that credentials are longer than any app could start with.
type TooLongError struct {
	Bytes int `json:"bytes"`
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the credentials have %d bytes, and may have %d at most: apps get them in an environment variable; a bind.yaml in the chart chooses what of its Secrets and Services they hold", e.Bytes, longestCredentials)
}

// around builds what Kibosh builds: an object whose field "template" is the
// expression, so that $ is the outer object and a leading `local …;` works.
// Only that field is yielded: nobody reads the others again. The expression
// begins on line 2. What the template sees is no part of the text: Jsonnet knows
// less of Unicode than JSON does, and quotes in its errors what it can't read.
func (t Template) around() string {
	// A comment on the last line must not swallow the brace.
	return `(std.parseJson(std.extVar("` + seen + `")) + {"template":` + "\n" + t.Text + "\n}).template"
}

var place = regexp.MustCompile(`:\(?(\d+):`)

// inFile turns the evaluated text's line numbers into the file's, and keeps
// the first lines of a long trace, and their beginnings: a template may make
// any text an error.
func (t Template) inFile(err error) error {
	const most, longest = 6, 300
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	if len(lines) > most {
		lines = lines[:most]
	}
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimSpace(line), "\t", " ")
		lines[i] = strings.ToValidUTF8(lines[i][:min(len(lines[i]), longest)], "")
		if !strings.HasPrefix(lines[i], t.File+":") {
			continue
		}
		at := place.FindStringSubmatchIndex(lines[i])
		if at == nil {
			continue
		}
		number, _ := strconv.Atoi(lines[i][at[2]:at[3]])
		lines[i] = lines[i][:at[2]] + strconv.Itoa(number-2+t.Line) + lines[i][at[3]:]
	}
	return fmt.Errorf("the bind template can't be evaluated: %s", strings.Join(lines, "; "))
}
