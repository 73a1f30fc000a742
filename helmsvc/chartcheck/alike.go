package chartcheck

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// aboutObject matches a warning about an object: file, kind, name and the rest.
	aboutObject = regexp.MustCompile(`^([^\s:]+): (\S+) (\S+): (.+)$`)
	ofContainer = regexp.MustCompile(`\bcontainer (\S+)`)
)

// mostAlike is how many objects are named of those that a warning is about.
const mostAlike = 5

// alike makes one of those warnings that differ in their object, or its container,
// only: the first, with the others' names. They stay in the order of the first ones.
func alike(warnings []string) []string {
	type group struct {
		first  string
		others []string
	}
	var groups []*group
	byText := map[string]*group{}
	for _, w := range warnings {
		text, object := withoutObject(w)
		if g := byText[text]; g != nil {
			g.others = append(g.others, object)
			continue
		}
		byText[text] = &group{first: w}
		groups = append(groups, byText[text])
	}
	var found []string
	for _, g := range groups {
		text := g.first
		if n := len(g.others); n > 0 {
			text += fmt.Sprintf("; and %d more: %s", n, strings.Join(g.others[:min(n, mostAlike)], ", "))
		}
		if len(g.others) > mostAlike {
			text += ", …"
		}
		found = append(found, text)
	}
	return found
}

// withoutObject parts a warning from the object that it is about, if it is about one.
func withoutObject(warning string) (text, object string) {
	m := aboutObject.FindStringSubmatch(warning)
	if m == nil {
		return warning, warning
	}
	text, object = strings.ReplaceAll(m[4], m[3], ""), m[2]+" "+m[3]
	if container := ofContainer.FindStringSubmatch(text); container != nil {
		text = strings.ReplaceAll(text, container[0], "container")
		object += " (" + container[0] + ")"
	}
	return text, object
}
