package generated

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// replacements are generated values with what was kept in their place.
type replacements struct {
	// whole are texts that are just a value, as it is or in base64.
	whole map[string]string
	// parts are what is looked for inside of longer texts, the longest first.
	parts []part
	// certificates tells whether one of the values is one.
	certificates bool
	room         *room
}

// mostGrowth is how much longer, in bytes, texts may get by what is kept: a pod may have
// written anything into a Secret, and a chart may have it in ten thousand places.
const mostGrowth = 8 << 20

// room is what is left of that.
type room struct {
	left     int
	exceeded bool
}

func (r *room) take(growth int) bool {
	if growth > r.left {
		r.exceeded = true
		return false
	}
	r.left -= max(growth, 0)
	return true
}

type part struct{ from, to string }

const (
	// shortestPart is how long a value has to be, in bytes, to be recognised inside of
	// a longer text: one that is shorter may stand there by chance.
	shortestPart = 8
	// mostParts is how many forms of values, two of each, are looked for in longer
	// texts: the time that this takes is theirs times the texts' length.
	mostParts = 100
)

func (r *replacements) add(from, to string) {
	if from == "" || r.has(from) {
		return
	}
	if r.whole == nil {
		r.whole = map[string]string{}
	}
	isText := utf8.ValidString(to)
	r.certificates = r.certificates || strings.Contains(from, certificateBegins)
	encodedFrom, encodedTo := encoded(from), encoded(to)
	r.whole[from], r.whole[encodedFrom] = to, encodedTo
	if !isText {
		delete(r.whole, from)
	}
	if len(from) < shortestPart || len(r.parts) >= mostParts {
		return
	}
	r.parts = append(r.parts, part{encodedFrom, encodedTo})
	if isText {
		// What ends with a line's end in a Secret is often put elsewhere without.
		r.parts = append(r.parts, part{strings.TrimSpace(from), strings.TrimSpace(to)})
	}
	slices.SortStableFunc(r.parts, func(a, b part) int { return cmp.Compare(len(b.from), len(a.from)) })
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// has tells whether something was kept in a value's place.
func (r replacements) has(from string) bool {
	_, known := r.whole[encoded(from)]
	return known
}

// in is the text with each value replaced, as it is or in base64.
func (r replacements) in(text string) string {
	if to, is := r.whole[text]; is && r.room.take(len(to)-len(text)) {
		return to
	}
	for _, p := range r.parts {
		if many := strings.Count(text, p.from); many > 0 && r.room.take(many*(len(p.to)-len(p.from))) {
			text = strings.ReplaceAll(text, p.from, p.to)
		}
	}
	return text
}
