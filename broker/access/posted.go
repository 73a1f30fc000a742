package access

import (
	"maps"
	"sync"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// posted are the bindings whose recorded policies this process has seen posted: for it
// they are settled, though the record says that somebody may still be posting them, as
// it does for whoever comes after a crash. So that needn't be written down once more.
type posted struct {
	mu    sync.Mutex
	until map[[2]string]time.Time // what the record said, by instance's and binding's id; guarded by mu
}

// note keeps one for as long as its record is unsettled.
func (p *posted) note(b record.Binding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[[2]string]time.Time{}
	}
	maps.DeleteFunc(p.until, func(_ [2]string, until time.Time) bool { return time.Now().After(until) })
	p.until[[2]string{b.InstanceID, b.ID}] = b.UnsettledUntil
}

// has tells whether it was these that were posted: a later change has another time.
func (p *posted) has(b record.Binding) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, found := p.until[[2]string{b.InstanceID, b.ID}]
	return found && until.Equal(b.UnsettledUntil)
}
