package guard

import (
	"strconv"
	"strings"
)

// rule is one of iptables'.
type rule struct {
	chain  string
	args   []string
	target string // of -j or -g
}

// table are the rules of one table, by chain, in order.
type table map[string][]rule

// parse reads what iptables-save prints.
func parse(text string) map[string]table {
	tables := map[string]table{}
	var now table
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		at := strings.Index(line, "-A ")
		switch {
		case strings.HasPrefix(line, "*"):
			if now = tables[line[1:]]; now == nil {
				now = table{}
				tables[line[1:]] = now
			}
		case now != nil && (at == 0 || at > 0 && line[0] == '['): // with counters, -c
			r := parseRule(line[at:])
			now[r.chain] = append(now[r.chain], r)
		}
	}
	return tables
}

func parseRule(line string) rule {
	words := wordsOf(line)
	r := rule{}
	if len(words) > 1 {
		r.chain, r.args = words[1], words[2:]
	}
	r.target = r.after("-j")
	if r.target == "" {
		r.target = r.after("-g")
	}
	return r
}

// wordsOf splits a line at blanks outside quotation marks.
func wordsOf(line string) []string {
	var words []string
	var word strings.Builder
	quoted, begun, escaped := false, false, false
	for _, c := range line {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// after is the word after an option; "": it isn't there, or is negated.
func (r rule) after(option string) string {
	for i, word := range r.args {
		if word == option && i+1 < len(r.args) && (i == 0 || r.args[i-1] != "!") {
			return r.args[i+1]
		}
	}
	return ""
}

// markBits are the bits of the mark that a match or a target names, as value/mask.
func markBits(text string) (value, mask uint64, named bool) {
	first, second, masked := strings.Cut(text, "/")
	value, err := strconv.ParseUint(first, 0, 32)
	mask = 0xffffffff
	if err == nil && masked {
		mask, err = strconv.ParseUint(second, 0, 32)
	}
	return value, mask, err == nil && text != ""
}
