package generated

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// replacements are generated values with what was kept in their place, the longest first.
type replacements []replacement

type replacement struct{ from, to string }

// shortestPart is how long a value has to be, in bytes, to be recognised inside of a
// longer text: one that is shorter may stand there by chance.
const shortestPart = 8

func (r *replacements) add(from, to string) {
	if from == "" || r.has(from) {
		return
	}
	*r = append(*r, replacement{from, to})
	slices.SortStableFunc(*r, func(a, b replacement) int { return cmp.Compare(len(b.from), len(a.from)) })
}

func (r replacements) has(from string) bool {
	return slices.ContainsFunc(r, func(p replacement) bool { return p.from == from })
}

func (r replacements) holdsCertificate() bool {
	return slices.ContainsFunc(r, func(p replacement) bool { return strings.Contains(p.from, "-----BEGIN CERTIFICATE") })
}

// in is the text with each value replaced, as it is or in base64.
func (r replacements) in(text string) string {
	for _, p := range r {
		isText := utf8.ValidString(p.to)
		from, to := base64.StdEncoding.EncodeToString([]byte(p.from)), base64.StdEncoding.EncodeToString([]byte(p.to))
		switch {
		case text == p.from && isText:
			return p.to
		case text == from:
			return to
		case len(p.from) < shortestPart:
			continue
		}
		text = strings.ReplaceAll(text, from, to)
		if isText {
			// What ends with a line's end in a Secret is often put elsewhere without.
			text = strings.ReplaceAll(text, strings.TrimSpace(p.from), strings.TrimSpace(p.to))
		}
	}
	return text
}
