package dataplane

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
)

// Container is a pod's or an app's network, as cni-wrapper-plugin keeps it for the
// policy agent.
type Container struct {
	ID      string     `json:"id"`
	Address netip.Addr `json:"address"`
	Group   string     `json:"group,omitempty"` // "": none, so that no policy is about it
}

// Interface is the node's end of the container's link: s- and the address's four
// numbers, as silk-cni names it.
func (c Container) Interface() string {
	a := c.Address.As4()
	return fmt.Sprintf("s-%03d%03d%03d%03d", a[0], a[1], a[2], a[3])
}

// Chain is the container's own, with at most 28 characters.
func (c Container) Chain() string {
	sum := sha256.Sum256([]byte(c.ID))
	return "overlay--" + hex.EncodeToString(sum[:])[:16]
}
