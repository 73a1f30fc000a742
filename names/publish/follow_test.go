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
	foreign.Set("one", records("10.0.0.9=foreign.one"))
	leader.Set("one", records("10.0.0.1=a.one,b.one", "10.0.0.2=a.one", "10.0.0.3=gone.one"))
	leader.Set("one", records("10.0.0.1=a.one,b.one", "10.0.0.2=a.one"))
	leader.Set("two", records("10.0.0.6=d.two"))
	follower.Set("one", records("10.0.0.5=silence.one"))
	published(t, follower) // it has nothing to say
	leadsTo(t, s, "a.one", "10.0.0.1", "10.0.0.2")
	leadsTo(t, s, "foreign.one", "10.0.0.9")
	live(t, s, "10.0.0.1", "10.0.0.2", "10.0.0.6", "10.0.0.9") // the follower has heard them all
	leader.Close()
	follower.Set("one", records("10.0.0.2=a.one", "10.0.0.4=c.one"))
	leadsTo(t, s, "silence.one")
	follower.Lead()
	leadsTo(t, s, "c.one", "10.0.0.4")
	leadsTo(t, s, "a.one", "10.0.0.2")
	leadsTo(t, s, "b.one")
	leadsTo(t, s, "silence.one")
	leadsTo(t, s, "foreign.one", "10.0.0.9")
	leadsTo(t, s, "d.two", "10.0.0.6") // whether it is wanted isn't known yet
	follower.Set("two", nil)
	leadsTo(t, s, "d.two")
}

// TestFollow goes on until another speaks.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Interval: time.Second})
	before, _ := startPublisher(t, settingsFor(s))
	next, _ := startFollower(t, settingsFor(s))
	before.Set("one", records("10.0.0.1=a.one"))
	leadsTo(t, s, "a.one", "10.0.0.1")
	before.Follow()
	live(t, s, "10.0.0.1")
	before.Set("one", records("10.0.0.2=a.one"))
	leadsTo(t, s, "a.one", "10.0.0.2")
	next.Set("one", records("10.0.0.3=a.one"))
	next.Lead()
	leadsTo(t, s, "a.one", "10.0.0.3")
	before.Set("one", records("10.0.0.1=a.one"))
	published(t, before)
	s.Forget()
	discovery.Await(t, 30*time.Second, "three rounds of the next", func() string {
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
	leadsTo(t, s, "a.one", "10.0.0.3")
}
