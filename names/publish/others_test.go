package publish

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestOthers remembers what others have said of our names, as long as it may be known.
func TestOthers(t *testing.T) {
	o := newOthers(func(name string) bool { return strings.HasSuffix(name, ".ours") })
	begin := time.Now()
	for i, step := range []struct {
		kind kind
		said string
		ours bool
		have string
	}{
		{register, `{"host":"10.0.0.1","uris":["a.ours","b.ours","a.theirs"]}`, true, "10.0.0.1=a.ours,b.ours"},
		{register, `{"host":"10.0.0.2","uris":["a.theirs"]}`, false, "10.0.0.1=a.ours,b.ours"},
		{register, `{"host":"nonsense","uris":["a.ours"]}`, false, "10.0.0.1=a.ours,b.ours"},
		{register, `nonsense`, false, "10.0.0.1=a.ours,b.ours"},
		{unregister, `{"host":"10.0.0.1","uris":["b.ours","c.ours"]}`, false, "10.0.0.1=a.ours"},
		{unregister, `{"host":"10.0.0.3","uris":["a.ours"]}`, false, "10.0.0.1=a.ours"},
		{unregister, `{"host":"10.0.0.1","uris":["a.ours"]}`, false, ""},
		{register, `{"host":"10.0.0.1","uris":["a.ours"]}`, true, "10.0.0.1=a.ours"},
	} {
		if ours := o.hear(step.kind, []byte(step.said), begin); ours != step.ours {
			t.Errorf("step %d: ours is %t", i, ours)
		}
		if got := wordsOf(o); got != step.have {
			t.Errorf("step %d: %q, want %q", i, got, step.have)
		}
	}
	o.forget(begin.Add(goneLife))
	if wordsOf(o) == "" || o.pairs != 1 {
		t.Error("it has forgotten too early")
	}
	o.forget(begin.Add(goneLife + 1))
	if wordsOf(o) != "" || o.pairs != 0 {
		t.Errorf("it hasn't forgotten %s", wordsOf(o))
	}
}

func wordsOf(o *others) string {
	var all []message
	for address, names := range o.heard {
		e := entry{address: address, wanted: map[string]int{}}
		for name := range names {
			e.wanted[name] = 1
		}
		m, _ := e.registration()
		all = append(all, m)
	}
	return strings.ReplaceAll(strings.ReplaceAll(words(all), "register ", "10.0.0."), "; ", " ")
}

// TestOthersAreBounded in what of them is remembered.
func TestOthersAreBounded(t *testing.T) {
	o := newOthers(func(string) bool { return true })
	o.limit = 500
	for i := range 600 {
		o.hear(register, fmt.Appendf(nil, `{"host":"10.0.%d.%d","uris":["a"]}`, i>>8, i&255), time.Now())
	}
	if o.pairs != o.limit || len(o.heard) != o.limit {
		t.Errorf("%d pairs of %d addresses are remembered", o.pairs, len(o.heard))
	}
}

// TestTakeBack takes back what others have said of scopes that were set, but for
// what is wanted, and what is silent leaves nothing to say.
func TestTakeBack(t *testing.T) {
	o := newOthers(func(string) bool { return true })
	l := newLedger()
	begin := time.Now()
	l.set("a", records("1=x.a 2=x.a"), begin)
	l.set("b", records("4=x.b"), begin)
	l.set("b", nil, begin)
	l.sayChanges(begin)
	l.discardAll()
	for _, said := range []string{
		`{"host":"10.0.0.1","uris":["x.a","y.a"]}`, `{"host":"10.0.0.2","uris":["x.a"]}`, `{"host":"10.0.0.3","uris":["x.a"]}`,
		`{"host":"10.0.0.4","uris":["x.b"]}`, `{"host":"10.0.0.5","uris":["x.later"]}`,
	} {
		o.hear(register, []byte(said), begin)
	}
	l.takeBack(o)
	l.takeBack(o)
	if got := take(l, "changes", begin); got != "unregister 1=y.a; unregister 3=x.a; unregister 4=x.b" || l.gone != 3 {
		t.Errorf("%q, %d gone", got, l.gone)
	}
	if got := wordsOf(o); got != "10.0.0.5=x.later" || o.pairs != 1 {
		t.Errorf("of scopes that weren't set %q is known", got)
	}
	l.set("later", nil, begin)
	l.takeBack(o)
	if got := take(l, "changes", begin); got != "unregister 5=x.later" || o.pairs != 0 {
		t.Errorf("%q once it was set, %d pairs", got, o.pairs)
	}
	l.set("a", records("2=z.a"), begin)
	l.discard()
	if got := take(l, "changes", begin); got != "" {
		t.Errorf("%q is said of what was discarded", got)
	}
	l.discardAll()
	if got := take(l, "all", begin); got != "register 2=z.a" || l.gone != 0 || len(l.entries) != 1 {
		t.Errorf("%q, %d gone, %d entries", got, l.gone, len(l.entries))
	}
	l.forgetEmptied(begin.Add(goneLife + 1))
	if len(l.emptied) != 0 || l.knows("x.b") || !l.knows("x.a") {
		t.Errorf("scopes that want nothing: %v", l.emptied)
	}
}
