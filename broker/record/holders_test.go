package record

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestHolders counts the processes that died with an operation, and no others.
func TestHolders(t *testing.T) {
	for name, c := range map[string]struct {
		history string // "+a": a takes it up, "-a": a puts it down
		asks    string
		deaths  int
		holder  string
	}{
		"nobody was there":                     {"", "a", 0, ""},
		"its own attempt":                      {"+a", "a", 0, "a"},
		"its own, put off":                     {"+a -a +a -a +a", "a", 0, "a"},
		"its own, though it lost the Lease":    {"+a +a +a", "a", 0, "a"},
		"one died":                             {"+a +b", "b", 1, "b"},
		"one died, the next was stopped":       {"+a +b -b +c", "c", 1, "c"},
		"one died, the next put it off":        {"+a +b -b +b -b", "b", 1, "a"},
		"two died":                             {"+a +b +c", "c", 2, "c"},
		"all were stopped in order":            {"+a -a +b -b +c -c +d", "d", 0, "d"},
		"two that live lost it to each other":  {"+a +b +a +b +a", "a", 1, "a"},
		"one puts it down after the next came": {"+a +b -a", "b", 0, "b"},
		"puts down what it never had":          {"+a -b", "a", 0, "a"},
		"more than are remembered":             {"+a +b +c +d +e +f +g +h +i +j +k", "k", mostHolders - 1, "k"},
	} {
		t.Run(name, func(t *testing.T) {
			var o Operation
			for _, step := range strings.Fields(c.history) {
				before := slices.Clone(o.Holders)
				kept := o // shares its holders, as records that are read from a cache do
				if process := step[1:]; step[0] == '+' {
					o.TakeUp(process)
				} else {
					o.PutDown(process)
				}
				if !slices.Equal(kept.Holders, before) {
					t.Errorf("%s changed a copy: %v, before %v", step, kept.Holders, before)
				}
			}
			if got := fmt.Sprint(o.Deaths(c.asks), o.Holder()); got != fmt.Sprint(c.deaths, c.holder) {
				t.Errorf("%s of %v, want %d %s", got, o.Holders, c.deaths, c.holder)
			}
		})
	}
}
