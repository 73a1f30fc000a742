package publish

import (
	"encoding/json"
	"net/netip"
	"time"
)

// maxHeard bounds what is remembered of what others have said, in pairs of a name
// and an address.
const maxHeard = 200_000

// others is what other publishers have said of names that are ours, and haven't
// taken back. Whoever takes over from one that has died knows by it what that one
// can't take back any more.
type others struct {
	owns  func(name string) bool
	heard map[netip.Addr]map[string]time.Time // address → name → when it was last registered
	pairs int
	limit int // of these: maxHeard
}

func newOthers(owns func(string) bool) *others {
	return &others{owns: owns, heard: map[netip.Addr]map[string]time.Time{}, limit: maxHeard}
}

// hear takes a message that somebody else has published, and tells whether that
// one publishes names of ours.
func (o *others) hear(k kind, data []byte, now time.Time) bool {
	var said struct {
		Host string   `json:"host"`
		URIs []string `json:"uris"`
	}
	if err := json.Unmarshal(data, &said); err != nil {
		return false
	}
	address, err := netip.ParseAddr(said.Host)
	if err != nil {
		return false
	}
	ours := false
	for _, name := range said.URIs {
		if !o.owns(name) {
			continue
		}
		if k == register {
			ours = true
			o.add(address, name, now)
		} else {
			o.remove(address, name)
		}
	}
	return ours
}

func (o *others) add(address netip.Addr, name string, now time.Time) {
	_, known := o.heard[address][name]
	if !known && o.pairs >= o.limit {
		return
	}
	if o.heard[address] == nil {
		o.heard[address] = map[string]time.Time{}
	}
	o.heard[address][name] = now
	if !known {
		o.pairs++
	}
}

func (o *others) remove(address netip.Addr, name string) {
	if _, known := o.heard[address][name]; !known {
		return
	}
	o.pairs--
	delete(o.heard[address], name)
	if len(o.heard[address]) == 0 {
		delete(o.heard, address)
	}
}

// forget forgets what nobody has registered for the life of a name.
func (o *others) forget(now time.Time) {
	for address, all := range o.heard {
		for name, at := range all {
			if now.Sub(at) > goneLife {
				o.remove(address, name)
			}
		}
	}
}
