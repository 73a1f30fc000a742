package access

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestUsesOperator: an instance uses an operator if it makes, or its update is about
// to make, objects of the operator's kinds. Of one that was made before that was
// known, what is open stays.
func TestUsesOperator(t *testing.T) {
	things, others, none := []string{"things.example.com"}, []string{"others.example.com"}, []string{}
	for name, c := range map[string]struct {
		known  []string
		update *record.Update
		opened bool
		want   bool
	}{
		"uses it":                     {known: things, want: true},
		"uses another":                {known: others, opened: true},
		"uses none":                   {known: none, opened: true},
		"not known":                   {},
		"not known, and open":         {opened: true, want: true},
		"the update will":             {known: none, update: &record.Update{APIGroups: things}, want: true},
		"the update won't":            {known: things, update: &record.Update{APIGroups: none}, want: true},
		"the update isn't rendered":   {known: others, update: &record.Update{}},
		"not known, the update won't": {update: &record.Update{APIGroups: none}, opened: true, want: true},
	} {
		i := record.Instance{APIGroups: c.known, Update: c.update}
		if usesOperator(i, append([]string{"more.example.com"}, things...), c.opened) != c.want {
			t.Errorf("%s: it should be %t", name, c.want)
		}
		if c.update == nil {
			continue
		}
		if made := i.Updated(); c.update.APIGroups != nil && usesOperator(made, things, c.opened) != (len(c.update.APIGroups) > 0) {
			t.Errorf("%s, and it has: %q", name, made.APIGroups)
		}
	}
}
