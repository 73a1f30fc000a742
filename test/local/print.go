package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

const (
	width  = 100 // columns that everything but shell commands fits into
	indent = "  "
)

// printer writes for people. What can't be written is lost: there is nobody
// left to tell.
type printer struct {
	io.Writer
	colour bool
}

// newPrinter uses colours where out is a terminal and NO_COLOR isn't set.
func newPrinter(out io.Writer) printer {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return printer{Writer: out}
	}
	info, err := file.Stat()
	return printer{Writer: out, colour: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// The colours, as the numbers of ECMA-48's "select graphic rendition".
const (
	bold = "1"
	dim  = "2"
	cyan = "36"
)

func (p printer) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p printer) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p, format+"\n", args...)
}

// heading begins a step.
func (p printer) heading(number int, title string) {
	text := fmt.Sprintf("== %d  %s ", number, title)
	p.line("\n%s", p.paint(bold, text+strings.Repeat("=", max(0, width-len(text)))))
}

// command shows what a person would type.
func (p printer) command(format string, args ...any) {
	p.line("\n%s", p.paint(cyan, "$ "+fmt.Sprintf(format, args...)))
}

// request shows what goes over the wire beneath.
func (p printer) request(what, answer string) {
	p.line("%s%s", indent, p.paint(dim, fmt.Sprintf("%-70s  %s", what, answer)))
}

// note explains, after an empty line, in as many lines as it takes.
func (p printer) note(format string, args ...any) {
	p.line("")
	for _, line := range wrap(fmt.Sprintf(format, args...), width-len(indent)) {
		p.line("%s%s", indent, line)
	}
}

// labelled writes a text beside a label, in as many lines as it takes.
func (p printer) labelled(label, text string) {
	const column = 13
	for _, line := range wrap(text, width-len(indent)-column) {
		p.line("%s", strings.TrimRight(fmt.Sprintf("%s%-*s%s", indent, column, label, line), " "))
		label = ""
	}
}

// table writes rows in columns, the first row as the title. The last column is
// cut where the line would be too long.
func (p printer) table(rows ...[]string) {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(columns, strings.Join(row, "\t")) // into memory
	}
	_ = columns.Flush()
	p.line("")
	for n, line := range strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n") {
		line = cut(indent+strings.TrimRight(line, " "), width)
		if n == 0 {
			line = p.paint(bold, line)
		}
		p.line("%s", line)
	}
}

func cut(text string, length int) string {
	if letters := []rune(text); len(letters) > length {
		return string(letters[:length-2]) + ".."
	}
	return text
}

// wrap breaks a text between words. A word that is too long stays whole.
func wrap(text string, length int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > length {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// short is the beginning of an id, enough to tell it from the others.
func short(id string) string { return cut(id, 10) }
