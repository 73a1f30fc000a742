package bindtemplate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// Template is the expression of one bind.yaml.
type Template struct {
	// File is the name that errors call it by.
	File string `json:"file"`
	// Line is the line of the file on which the expression begins.
	Line int `json:"line"`
	// Text is the Jsonnet expression.
	Text string `json:"text"`
	// Imports are the only files that the expression may import, by their names. A
	// chart's has none.
	Imports map[string]string `json:"imports,omitempty"`
}

// longestFile is how long a bind.yaml may be, and mostNesting how much its
// expression may hold that Jsonnet's parser calls itself for: the parser has no
// bound of its own, takes 50 kB of stack for a bracket within a bracket, and
// would end the broker.
const (
	longestFile = 64 << 10
	mostNesting = 2000
)

var nesting = regexp.MustCompile(`[\[({!~+-]|\b(?:local|if|else|function|error|assert|import|importstr|importbin)\b`)

// Parse reads a bind.yaml: a map with one key, "template".
func Parse(file string, text []byte) (Template, error) {
	if len(text) > longestFile {
		return Template{}, fmt.Errorf("%s has %d bytes, and may have %d at most", file, len(text), longestFile)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return Template{}, yamlfile.Mistake(file, err)
	}
	if len(document.Content) == 0 {
		return Template{}, fmt.Errorf("%s is empty; it needs a key `template` with a Jsonnet expression", file)
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return Template{}, fmt.Errorf("%s must be a map with the key `template`", file)
	}
	var template *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i]; key.Value != "template" {
			return Template{}, fmt.Errorf("%s:%d: unknown key %q; only `template` is known", file, key.Line, key.Value)
		}
		template = root.Content[i+1]
	}
	if template == nil || template.Kind != yaml.ScalarNode || strings.TrimSpace(template.Value) == "" {
		return Template{}, fmt.Errorf("%s needs a key `template` with a Jsonnet expression", file)
	}
	line := template.Line
	if template.Style == yaml.LiteralStyle || template.Style == yaml.FoldedStyle {
		line++ // the text begins below the "|"
	}
	if len(nesting.FindAllStringIndex(template.Value, mostNesting+1)) > mostNesting {
		return Template{}, fmt.Errorf("%s holds more than %d brackets, operators and the like; make the expression simpler", file, mostNesting)
	}
	parsed := Template{File: file, Line: line, Text: template.Value}
	return parsed, parsed.Check()
}

// Mentions tells whether the expression holds a word: what costs something to
// find out isn't found out for templates that don't name it.
func (t Template) Mentions(word string) bool { return strings.Contains(t.Text, word) }

// Reads tells whether the expression may read a field of what it sees: it names the
// field, or takes what it sees as a whole, as in {all: $} and $[name].
func (t Template) Reads(field string) bool {
	taken, named := whole.FindAllStringIndex(t.Text, -1), oneField.FindAllStringIndex(t.Text, -1)
	return t.Mentions(field) || len(taken) > len(named)
}

// whole are the words for what a template sees, and oneField those of which a field is
// read that the text names. There are more of the former in strings and comments, which
// costs a request and nothing else.
var (
	whole    = regexp.MustCompile(`\$|\bself\b|\bsuper\b|\bextVar\b`)
	oneField = regexp.MustCompile(`(\$|\bself\b|\bsuper\b)\s*(\.\s*[A-Za-z_]|\[\s*("\w*"|'\w*')\s*\])`)
)

// errShape is for what Jsonnet yields and a binding can't use.
var errShape = errors.New("the template must yield an object")
