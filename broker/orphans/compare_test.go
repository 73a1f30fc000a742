package orphans

import (
	"strings"
	"testing"
	"time"
)

func TestCompare(t *testing.T) {
	now := time.Now()
	since := now.Add(-10 * time.Minute)
	old := Instance{ID: "1"}
	for name, c := range map[string]struct {
		cf, records []Instance
		want        string
	}{
		"nothing":               {nil, nil, ""},
		"both have it":          {[]Instance{old}, []Instance{old}, ""},
		"CF alone":              {[]Instance{old}, nil, "service instance 1"},
		"the broker alone":      {nil, []Instance{old}, "record 1"},
		"each has one":          {[]Instance{old}, []Instance{{ID: "2"}}, "service instance 1, record 2"},
		"in order":              {[]Instance{{ID: "3"}, {ID: "2"}}, nil, "service instance 2, service instance 3"},
		"CF creates or deletes": {[]Instance{{ID: "1", Busy: true}}, nil, ""},
		"the broker does":       {nil, []Instance{{ID: "1", Busy: true}}, ""},
		"CF's is young":         {[]Instance{{ID: "1", Changed: now}}, nil, ""},
		"the broker's is young": {nil, []Instance{{ID: "1", Changed: now}}, ""},
		"busy elsewhere":        {[]Instance{{ID: "1", Busy: true}}, []Instance{old}, ""},
	} {
		var got []string
		for _, f := range Compare(c.cf, c.records, since, "https://b.example.com/") {
			got = append(got, f.Kind+" "+f.ID)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}

// TestCures are safe to paste: ids come from platforms.
func TestCures(t *testing.T) {
	found := Compare([]Instance{{ID: "a'b"}}, []Instance{{ID: "c/d'", ServiceID: "s", PlanID: "p'"}}, time.Now(), "https://b.example.com/")
	for i, want := range []string{"'/v3/service_instances/a%27b?purge=true'", "'https://b.example.com/v2/service_instances/c%2Fd%27?accepts_incomplete=true&plan_id=p%27&service_id=s'"} {
		if !strings.HasSuffix(found[i].Cure, want) {
			t.Errorf("%s, want %s", found[i].Cure, want)
		}
	}
}

func TestInBoth(t *testing.T) {
	a, b, c := Finding{Kind: inCF, ID: "1"}, Finding{Kind: onRecord, ID: "1"}, Finding{Kind: inCF, ID: "2"}
	if got := InBoth([]Finding{a, b}, []Finding{b, c}); len(got) != 1 || got[0] != b {
		t.Errorf("%+v", got)
	}
}
