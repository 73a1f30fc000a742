package publish_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// TestFollower is silent until it leads, and then takes back what the one before
// it can't any more.
func TestFollower(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Interval: time.Second})
	foreign, _ := startPublisher(t, settingsFor(s))
	leader, _ := startPublisher(t, settingsFor(s))
	follower, _ := startFollower(t, settingsFor(s))
	foreign.Set("one", records("10.0.0.9=foreign"))
	leader.Set("one", records("10.0.0.1=a,b", "10.0.0.2=a", "10.0.0.3=gone"))
	leader.Set("one", records("10.0.0.1=a,b", "10.0.0.2=a"))
	follower.Set("one", records("10.0.0.5=silence"))
	published(t, follower) // it has nothing to say
	leadsTo(t, s, "a", "10.0.0.1", "10.0.0.2")
	leadsTo(t, s, "foreign", "10.0.0.9")
	s.Forget()
	await(t, "everything to be registered again, for the follower to hear", func() string {
		heard := map[string]bool{}
		for _, m := range s.Heard() {
			heard[m.Address] = true
		}
		if heard["10.0.0.1"] && heard["10.0.0.2"] && heard["10.0.0.9"] {
			return ""
		}
		return fmt.Sprint(heard)
	})
	leader.Close()
	follower.Set("one", records("10.0.0.2=a", "10.0.0.4=c"))
	leadsTo(t, s, "silence")
	follower.Lead()
	leadsTo(t, s, "c", "10.0.0.4")
	leadsTo(t, s, "a", "10.0.0.2")
	leadsTo(t, s, "b")
	leadsTo(t, s, "silence")
	leadsTo(t, s, "foreign", "10.0.0.9")
}

// TestFollow goes on until another speaks.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Interval: time.Second})
	before, _ := startPublisher(t, settingsFor(s))
	next, _ := startFollower(t, settingsFor(s))
	before.Set("one", records("10.0.0.1=a"))
	leadsTo(t, s, "a", "10.0.0.1")
	before.Follow()
	live(t, s, "10.0.0.1")
	before.Set("one", records("10.0.0.2=a"))
	leadsTo(t, s, "a", "10.0.0.2")
	next.Set("one", records("10.0.0.3=a"))
	next.Lead()
	leadsTo(t, s, "a", "10.0.0.3")
	before.Set("one", records("10.0.0.1=a"))
	published(t, before)
	s.Forget()
	await(t, "three rounds of the next", func() string {
		rounds := 0
		for _, m := range s.Heard() {
			if m.Address != "10.0.0.3" && m.Kind == discovery.Register {
				t.Fatalf("%v was said by one that doesn't lead", m)
			}
			if m.Address == "10.0.0.3" {
				rounds++
			}
		}
		if rounds >= 3 {
			return ""
		}
		return fmt.Sprint(rounds)
	})
	leadsTo(t, s, "a", "10.0.0.3")
}
