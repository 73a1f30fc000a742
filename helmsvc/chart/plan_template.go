package chart

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"text/template/parse"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// planTemplate is a plan file's text, read as a template.
type planTemplate struct {
	text []byte
	// calls are those of `generated`, in their order in the text.
	calls []generatedCall
}

// generatedCall is a call of `generated` at a place of a text, in bytes.
type generatedCall struct {
	start, end int
	name       string
	length     int
}

// Bounds of what `generated` may be asked for.
const (
	shortestGenerated = 8
	longestGenerated  = 128
)

var generatedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// readTemplate finds in a text what the broker has to know of its templates, and
// refuses lookup. Which functions there are is for Helm's engine to say. file is
// what errors call it.
func readTemplate(file string, text []byte) (planTemplate, error) {
	if !bytes.Contains(text, []byte("{{")) {
		return planTemplate{text: text}, nil
	}
	tree := parse.New(file)
	tree.Mode = parse.SkipFuncCheck
	all := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(text), "", "", all); err != nil {
		return planTemplate{}, err
	}
	r := templateReader{}
	for _, t := range all {
		r.tree = t
		r.walk(t.Root)
	}
	slices.SortFunc(r.calls, func(a, b generatedCall) int { return cmp.Compare(a.start, b.start) })
	return planTemplate{text: text, calls: r.calls}, r.err
}

// templateReader walks through parsed templates. err is the first mistake.
type templateReader struct {
	tree  *parse.Tree
	calls []generatedCall
	err   error
}

func (r *templateReader) walk(node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return // there is no else
		}
		for _, item := range n.Nodes {
			r.walk(item)
		}
	case *parse.ActionNode:
		r.walk(n.Pipe)
	case *parse.IfNode:
		r.branch(n.BranchNode)
	case *parse.RangeNode:
		r.branch(n.BranchNode)
	case *parse.WithNode:
		r.branch(n.BranchNode)
	case *parse.TemplateNode:
		r.walk(n.Pipe)
	case *parse.ChainNode:
		r.walk(n.Node)
	case *parse.PipeNode:
		if n == nil {
			return // {{ template "x" }} has none
		}
		for i, command := range n.Cmds {
			r.command(command, i > 0)
		}
	}
}

func (r *templateReader) branch(b parse.BranchNode) {
	r.walk(b.Pipe)
	r.walk(b.List)
	r.walk(b.ElseList)
}

// command looks at a function with its arguments. If it is piped, it has one more.
func (r *templateReader) command(c *parse.CommandNode, piped bool) {
	for i, argument := range c.Args {
		function, isFunction := argument.(*parse.IdentifierNode)
		if isFunction && function.Ident == "lookup" {
			r.refuse(function, render.ErrNoLookup.Error())
			return
		}
		if isFunction && function.Ident == "generated" {
			r.generated(c, i, piped)
			return
		}
		r.walk(argument)
	}
}

const example = `, such as {{ generated "root" 24 }}`

func (r *templateReader) generated(c *parse.CommandNode, at int, piped bool) {
	if at != 0 || piped || len(c.Args) != 3 {
		r.refuse(c.Args[at], "generated needs a name and a length"+example)
		return
	}
	name, isText := c.Args[1].(*parse.StringNode)
	length, isNumber := c.Args[2].(*parse.NumberNode)
	switch {
	case !isText || !isNumber || !length.IsInt || length.Text != strconv.FormatInt(length.Int64, 10):
		r.refuse(c.Args[0], "generated takes a name and a length as they are, neither of which may be computed"+example)
	case !generatedName.MatchString(name.Text):
		r.refuse(c.Args[0], "generated takes a name of at most 63 letters, digits, dots, dashes and underscores"+example)
	case length.Int64 < shortestGenerated || length.Int64 > longestGenerated:
		r.refuse(c.Args[0], fmt.Sprintf("generated makes values of %d to %d characters%s", shortestGenerated, longestGenerated, example))
	default:
		r.calls = append(r.calls, generatedCall{
			start: int(c.Args[0].Position()), end: int(length.Pos) + len(length.Text), name: name.Text, length: int(length.Int64),
		})
	}
}

func (r *templateReader) refuse(at parse.Node, why string) {
	if r.err == nil {
		where, _ := r.tree.ErrorContext(at)
		r.err = fmt.Errorf("%s: %s", where, why)
	}
}
