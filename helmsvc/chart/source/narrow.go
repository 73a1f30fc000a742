package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// narrow copies a repository's index without the entries of other charts, where
// it is written as `helm repo index` does, and whole otherwise. An index of 20 MB
// takes 600 MB to be parsed, as YAML, and one chart's entries take next to
// nothing. It looks at nothing but the indentation of lines, which YAML prescribes.
func narrow(into io.Writer, index io.Reader, chart string) error {
	lines := bufio.NewReader(index)
	n := narrower{chart: chart}
	for {
		line, err := lines.ReadBytes('\n')
		if n.keeps(line) {
			if _, err := into.Write(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type narrower struct {
	chart string
	// entries: what comes belongs to a chart, whose name is indented so far.
	entries bool
	indent  int
	// own: that chart is the one.
	own bool
}

func (n *narrower) keeps(line []byte) bool {
	text := bytes.TrimRight(line, "\r\n ")
	indent := len(text) - len(bytes.TrimLeft(text, " "))
	switch {
	case !n.entries:
		n.entries = string(text) == "entries:"
		return true
	case len(text) == 0 || text[indent] == '#':
		return n.own
	case indent == 0 && text[0] != '-':
		*n = narrower{chart: n.chart}
		return true
	case n.indent == 0:
		n.indent = indent
	}
	if indent == n.indent && text[indent] != '-' {
		name, _, _ := strings.Cut(string(text[indent:]), ":")
		n.own = strings.Trim(name, `"'`) == n.chart
	}
	return n.own
}
