package guard

import (
	"strconv"
	"strings"
)

// Rules are those of iptables that Judge looks at. They are taken line by line: a node
// has tens of thousands, most of them kube-proxy's ways to Services, or what policies
// and security groups allow.
type Rules struct {
	keeps  func(table string, r rule) bool
	tables map[string]*table
	now    string // the table whose lines are taken; "": none has begun
}

// table are the rules of one table.
type table struct {
	chains chains
	// reached are the chains that packets can come into: the kernel's own, and those
	// that others lead to.
	reached map[string]bool
}

// chains are rules by chain, in order. Of the table filter all chains are there.
type chains map[string][]rule

// rule is one of iptables'.
type rule struct {
	chain  string
	args   []string
	target string // of -j or -g
}

// filter is the table that has forwarded packets pass or not.
const filter = "filter"

// NewRules returns none yet. Judge has to be told the same of the overlay.
func NewRules(expect Expect) *Rules {
	return &Rules{keeps: expect.keeps, tables: map[string]*table{}}
}

// Take takes the next line of what iptables-save prints.
func (r *Rules) Take(line string) {
	line = strings.TrimSpace(line)
	at := strings.Index(line, "-A ")
	switch {
	case strings.HasPrefix(line, "*"):
		r.begin(line[1:])
	case r.now == "":
	case line != "" && line[0] == ':':
		r.declare(line[1:])
	case at == 0 || at > 0 && line[0] == '[': // with counters, -c
		r.add(parseRule(line[at:]))
	}
}

func (r *Rules) begin(name string) {
	r.now = name
	if r.tables[name] == nil {
		r.tables[name] = &table{chains: chains{}, reached: map[string]bool{"PREROUTING": true, "INPUT": true, "FORWARD": true, "OUTPUT": true, "POSTROUTING": true}}
	}
}

// declare takes a chain, of which there may be no rules.
func (r *Rules) declare(line string) {
	name, _, _ := strings.Cut(line, " ")
	if _, known := r.tables[r.now].chains[name]; r.now == filter && !known {
		r.tables[r.now].chains[name] = nil
	}
}

func (r *Rules) add(one rule) {
	now := r.tables[r.now]
	if one.target != one.chain && !now.reached[one.target] {
		now.reached[strings.Clone(one.target)] = true // without the line
	}
	if r.keeps(r.now, one) {
		now.chains[one.chain] = append(now.chains[one.chain], one)
	} else {
		r.declare(strings.Clone(one.chain))
	}
}

// filter are the chains of the table filter.
func (r *Rules) filter() chains {
	if of := r.tables[filter]; of != nil {
		return of.chains
	}
	return nil
}

// keeps tells whether Judge may have to look at a rule: of tables that let none pass
// at those that change marks only; of Silk's own chains at none that let some packets
// pass, which policies and security groups have many of.
func (e Expect) keeps(table string, r rule) bool {
	silk := e.isSilk(r.chain)
	if table != filter {
		return !silk && r.changes() != 0
	}
	to, all := r.matches(e)
	switch r.target {
	case "ACCEPT":
		return all && !to.IsValid() || !silk && (r.accepts() != 0 || e.mayBePod(r))
	case "REJECT", "DROP":
		return all || silk
	case "RETURN":
		return all && !to.IsValid()
	}
	return true // it leads to a chain, or may change marks
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
	if !strings.Contains(line, `"`) {
		return strings.FieldsFunc(line, func(c rune) bool { return c == ' ' })
	}
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
