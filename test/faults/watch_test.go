package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// moment is one thing that happened to somebody's access, as the platform or
// the policy server saw it.
type moment struct {
	what     happening
	binding  string // of the platform's moments; "" when all of the instance end
	app      string
	instance string // or the policy group that a policy leads to
}

type happening int

const (
	asked   happening = iota // the platform is about to ask for the binding
	bound                    // it was told that there is one
	leaving                  // it is about to ask for the binding to go
	left                     // it was told that there is none
	posted                   // a broker asks for policies of that app to that group
	removed                  // a broker asks for them to go
)

// watch notes what happens, in the order in which it happens.
type watch struct {
	mu      sync.Mutex
	moments []moment
}

func (w *watch) note(m moment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moments = append(w.moments, m)
}

// see notes what a broker writes to the policy server.
func (w *watch) see(r *http.Request) {
	what := posted
	switch {
	case r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/external/policies"):
		return
	case strings.HasSuffix(r.URL.Path, "/delete"):
		what = removed
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		Policies []cf.Policy `json:"policies"`
	}
	_ = json.Unmarshal(body, &sent) // what isn't JSON the policy server refuses
	for _, p := range sent.Policies {
		w.note(moment{what: what, app: p.Source.ID, instance: p.Destination.ID})
	}
}

// differences says what was seen in passing that must not be: access that was
// asked for when nobody had, or might still get, a binding for it, and access
// that was taken from an app while it was bound.
func (w *watch) differences() (found []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	may, must := holders{}, holders{}
	for n, m := range w.moments {
		switch m.what {
		case asked:
			may.add(m)
		case bound:
			must.add(m)
		case leaving:
			must.end(m)
		case left:
			may.end(m)
		case posted:
			if m.app != m.instance && !may.any(m) { // its own access has no binding
				found = append(found, fmt.Sprintf("moment %d: access of app %s to %s was opened for no binding", n, m.app, m.instance))
			}
		case removed:
			if must.any(m) {
				found = append(found, fmt.Sprintf("moment %d: access of app %s to %s was taken away from a bound app", n, m.app, m.instance))
			}
		}
	}
	return found
}

// holders are bindings, each with the moment that made it one.
type holders map[string]moment

func (h holders) add(m moment) { h[m.instance+"/"+m.binding] = m }

// end takes out the moment's binding, or all of its instance.
func (h holders) end(m moment) {
	maps.DeleteFunc(h, func(_ string, each moment) bool {
		return each.instance == m.instance && (m.binding == "" || each.binding == m.binding)
	})
}

// any tells whether one of them is for the same access.
func (h holders) any(m moment) bool {
	for _, each := range h {
		if each.app == m.app && each.instance == m.instance {
			return true
		}
	}
	return false
}

// TestWatch holds the watch itself against what it has to see.
func TestWatch(t *testing.T) {
	m := func(what happening, binding, app string) moment { return moment{what, binding, app, "i"} }
	for name, c := range map[string]struct {
		moments []moment
		want    string
	}{
		"bound and unbound":            {[]moment{m(asked, "b", "a"), m(posted, "", "a"), m(bound, "b", "a"), m(leaving, "b", ""), m(removed, "", "a"), m(left, "b", "")}, ""},
		"put back while bound":         {[]moment{m(asked, "b", "a"), m(bound, "b", "a"), m(posted, "", "a")}, ""},
		"back after the revocation":    {[]moment{m(asked, "b", "a"), m(bound, "b", "a"), m(leaving, "b", ""), m(left, "b", ""), m(posted, "", "a")}, "for no binding"},
		"for one that was cut off":     {[]moment{m(asked, "b", "a"), m(posted, "", "a"), m(leaving, "b", ""), m(posted, "", "a")}, ""},
		"never asked for":              {[]moment{m(posted, "", "a")}, "for no binding"},
		"taken from a bound app":       {[]moment{m(asked, "b", "a"), m(bound, "b", "a"), m(removed, "", "a")}, "from a bound app"},
		"taken with another binding":   {[]moment{m(asked, "b", "a"), m(bound, "b", "a"), m(bound, "c", "a"), m(leaving, "b", ""), m(removed, "", "a")}, "from a bound app"},
		"of another app":               {[]moment{m(bound, "b", "a"), m(bound, "c", "other"), m(leaving, "c", ""), m(removed, "", "other")}, ""},
		"with its instance":            {[]moment{m(bound, "b", "a"), m(leaving, "", ""), m(removed, "", "a"), m(left, "", "")}, ""},
		"back after its instance went": {[]moment{m(bound, "b", "a"), m(leaving, "", ""), m(left, "", ""), m(posted, "", "a")}, "for no binding"},
		"an instance's own":            {[]moment{m(posted, "", "i")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := &watch{moments: c.moments}
			got := strings.Join(w.differences(), "\n")
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("it sees %q, want %q", got, c.want)
			}
		})
	}
}
