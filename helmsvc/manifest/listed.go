package manifest

import (
	"errors"
	"fmt"
	"strings"
)

// mostNamed is how many objects a reason names: enough to find the place in the
// chart. A chart makes as many objects as it likes, and all may be wrong.
const mostNamed = 5

// Listed names the first few, and says how many more there are.
func Listed(objects []string) string {
	shown := make([]string, 0, mostNamed)
	for _, object := range objects[:min(len(objects), mostNamed)] {
		shown = append(shown, Shorten(object))
	}
	text := strings.Join(shown, ", ")
	if more := len(objects) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Unnamed are the objects that the words of an error leave out, for the log;
// nil if it names all.
func Unnamed(err error) []string {
	var list interface{ AllObjects() []string }
	if !errors.As(err, &list) {
		return nil
	}
	all := list.AllObjects()
	return all[min(len(all), mostNamed):]
}

// Shorten makes Kubernetes' words fit into one line of a description.
func Shorten(text string) string {
	const limit = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
