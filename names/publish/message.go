package publish

import (
	"encoding/json"
	"net/netip"
	"time"
)

// kind is the last part of a message's subject.
type kind string

const (
	register   kind = "register"
	unregister kind = "unregister"
	greet      kind = "greet"
)

const subjects = "service-discovery."

// message is one registration, or one that is taken back.
type message struct {
	kind    kind
	address netip.Addr
	names   []string // sorted
}

// payload is what a controller reads (subscriber.go, RegistryMessage).
func (m message) payload() []byte {
	data, _ := json.Marshal(struct { // neither a string nor a list can fail
		Host string   `json:"host"`
		URIs []string `json:"uris"`
	}{m.address.String(), m.names})
	return data
}

// longest is how long an interval is at most: what controllers ask for by
// default. One that asks for more has a staleness threshold that is longer still.
const longest = time.Minute

// readInterval reads what a controller says of itself (subscriber.go,
// ServiceDiscoveryStartMessage): the time within which everything has to be
// registered again. ok is false if it makes no sense.
func readInterval(data []byte) (interval time.Duration, ok bool) {
	var said struct {
		Interval int64 `json:"minimumRegisterIntervalInSeconds"`
	}
	if err := json.Unmarshal(data, &said); err != nil || said.Interval < 1 {
		return 0, false
	}
	return time.Duration(min(said.Interval, int64(longest/time.Second))) * time.Second, true
}
