package bindtemplate

import "regexp"

// reference matches what a template sees by name: the whole of it, or one of its
// fields and a field of that. Where the expression is no object of its own, self
// and super are what $ is.
var reference = regexp.MustCompile(`(?:(\$)|\b(?:self|super))(?:\s*\.\s*(\w+)(?:\s*\.\s*(\w+))?)?`)

// ReadsParameters tells whether the template may read a binding's parameters: it
// refers to $.binding.parameters, or to the whole of $.binding or of $. The text
// is taken as it is, comments and all: in doubt it reads them.
func (t Template) ReadsParameters() bool {
	for _, found := range reference.FindAllStringSubmatch(t.Text, -1) {
		root, field, below := found[1], found[2], found[3]
		switch {
		case field == "" && root == "$": // such as $["binding"]
			return true
		case field == "binding" && below != "id" && below != "app_guid":
			return true
		}
	}
	return false
}
