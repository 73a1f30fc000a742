package render

import (
	"fmt"
	"strings"
	"testing"
)

// TestTooDense: what counts is what is read, not how long the text is.
func TestTooDense(t *testing.T) {
	aliases := "a: &a [1,2,3,4,5,6,7,8,9,10]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"a list of lists":       {"a: [" + strings.Repeat("[],", mostValues) + "]", true},
		"a list of less":        {"a: [" + strings.Repeat("[],", mostValues/2) + "]", false},
		"a long script":         {"a: |\n" + strings.Repeat("  [x], {y}: z\n", mostValues), false},
		"many manifests":        {strings.Repeat("a: [1,2,3,4,5,6,7,8,9]\n---\n", mostValues/10), true},
		"aliases":               {strings.Repeat(aliases+"---\n", 200), true},
		"a manifest of no YAML": {strings.Repeat("[", mostValues*2), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tooDense(map[string]string{fmt.Sprintf("%s.yaml", name): c.text}); got != c.want {
				t.Errorf("it is too dense: %v", got)
			}
		})
	}
}
