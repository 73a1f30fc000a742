package operation

import (
	"errors"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestBuriedOrMade: what a round has seen as a tombstone, or as cut short, isn't
// revoked if it has been made meanwhile.
func TestBuriedOrMade(t *testing.T) {
	for _, c := range []struct {
		seen, live record.BindingState
		made       bool
	}{
		{record.Revoking, record.Revoking, false},
		{record.Revoking, record.Bound, true},
		{record.Revoking, record.Opening, true},
		{record.Opening, record.Bound, true},
	} {
		_, err := new(Engine).bury(t.Context(), record.Binding{State: c.live}, reason(record.Binding{State: c.seen}))
		if errors.Is(err, errMade) != c.made || err != nil && !c.made {
			t.Errorf("seen as %s, it is %s: %v", c.seen, c.live, err)
		}
	}
}
