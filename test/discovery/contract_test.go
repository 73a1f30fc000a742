package discovery_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// say publishes to service-discovery.{kind}.
func (g target) say(t *testing.T, kind, message string) {
	t.Helper()
	if err := g.conn.Publish("service-discovery."+kind, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// TestContract holds a service discovery to the facts: the stand-in's, or with
// the environment of targetFromEnv a real one's. {n} stands for a name that is
// this row's alone.
func TestContract(t *testing.T) {
	g := newTarget(t)
	for i, row := range []struct {
		fact string
		said []string // "kind message"
		name string   // that is asked for; {n} if empty
		want []string
	}{
		{fact: "a name that nobody registered has no address, and is no error"},
		{
			fact: "a name that is registered leads to its address",
			said: []string{`register {"host":"10.0.0.1","uris":["{n}"]}`}, want: []string{"10.0.0.1"},
		},
		{
			fact: "one message registers all its names",
			said: []string{`register {"host":"10.0.0.1","uris":["a.{n}","b.{n}","{n}"]}`}, name: "b.{n}", want: []string{"10.0.0.1"},
		},
		{
			fact: "what else is in a message doesn't matter",
			said: []string{`register {"host":"10.0.0.1","port":8080,"uris":["{n}"],"tags":{"component":"route-emitter"},"endpoint_updated_at_ns":5}`}, want: []string{"10.0.0.1"},
		},
		{
			fact: "registrations of one name are merged",
			said: []string{`register {"host":"10.0.0.1","uris":["{n}"]}`, `register {"host":"10.0.0.2","uris":["{n}"]}`}, want: []string{"10.0.0.1", "10.0.0.2"},
		},
		{
			fact: "the same registration twice is one",
			said: []string{`register {"host":"10.0.0.1","uris":["{n}"]}`, `register {"host":"10.0.0.1","uris":["{n}"]}`}, want: []string{"10.0.0.1"},
		},
		{
			fact: "upper and lower case are one, in what is registered",
			said: []string{`register {"host":"10.0.0.1","uris":["UP.{n}"]}`}, name: "up.{n}", want: []string{"10.0.0.1"},
		},
		{
			fact: "and in what is asked for",
			said: []string{`register {"host":"10.0.0.1","uris":["up.{n}"]}`}, name: "UP.{n}", want: []string{"10.0.0.1"},
		},
		{
			fact: "a dot at the end doesn't matter",
			said: []string{`register {"host":"10.0.0.1","uris":["{n}."]}`}, want: []string{"10.0.0.1"},
		},
		{
			fact: "a registration of something else leaves a name as it is",
			said: []string{`register {"host":"10.0.0.1","uris":["{n}"]}`, `register {"host":"10.0.0.2","uris":["a.{n}"]}`}, want: []string{"10.0.0.1"},
		},
		{
			fact: "a message without an address registers nothing",
			said: []string{`register {"uris":["{n}"]}`, `register {"host":"","uris":["{n}"]}`},
		},
		{fact: "nor does one without names", said: []string{`register {"host":"10.0.0.1","uris":[]}`, `register {"host":"10.0.0.1"}`}},
		{fact: "nor one that isn't JSON, and whoever reads it goes on", said: []string{`register nonsense`, `register {"host":"10.0.0.1","uris":"{n}"}`}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			name := fmt.Sprintf("n%d.%d.%s", i, time.Now().UnixNano(), domain)
			fill := strings.NewReplacer("{n}", name).Replace
			for _, said := range row.said {
				kind, message, _ := strings.Cut(said, " ")
				g.say(t, kind, fill(message))
			}
			// What came before this has been read when this has.
			g.say(t, "register", fill(`{"host":"10.0.0.9","uris":["last.{n}"]}`))
			g.leadsTo(t, "last."+name, "10.0.0.9")
			asked := fill(row.name)
			if asked == "" {
				asked = name
			}
			got, err := g.resolve(t.Context(), asked)
			if err != nil || fmt.Sprint(texts(got)) != fmt.Sprint(row.want) {
				t.Errorf("%s leads to %v, %v, want %v", asked, got, err, row.want)
			}
		})
	}
}

func TestUnregister(t *testing.T) {
	g := newTarget(t)
	name := fmt.Sprintf("n%d.%s", time.Now().UnixNano(), domain)
	fill := strings.NewReplacer("{n}", name).Replace
	for _, host := range []string{"10.0.0.1", "10.0.0.2"} {
		g.say(t, "register", fill(`{"host":"`+host+`","uris":["{n}","a.{n}"]}`))
	}
	g.leadsTo(t, "a."+name, "10.0.0.1", "10.0.0.2")
	for _, ignored := range []string{`nonsense`, `{"host":"10.0.0.1"}`, `{"uris":["a.{n}"]}`, `{"host":"10.0.0.3","uris":["a.{n}"]}`, `{"host":"10.0.0.1","uris":["b.{n}"]}`} {
		g.say(t, "unregister", fill(ignored))
	}
	g.say(t, "unregister", fill(`{"host":"10.0.0.1","uris":["{n}."]}`)) // the last of them: what came before has been read, too
	g.leadsTo(t, name, "10.0.0.2")
	g.leadsTo(t, "a."+name, "10.0.0.1", "10.0.0.2")
	g.say(t, "unregister", fill(`{"host":"10.0.0.2","uris":["{n}","A.{n}"]}`))
	g.leadsTo(t, name)
	g.leadsTo(t, "a."+name, "10.0.0.1")
}

// TestPruned ends a name that isn't registered again.
func TestPruned(t *testing.T) {
	g := newTarget(t)
	lost := fmt.Sprintf("lost%d.%s", time.Now().UnixNano(), domain)
	kept := "kept." + lost
	g.say(t, "register", `{"host":"10.0.0.1","uris":["`+lost+`"]}`)
	g.say(t, "register", `{"host":"10.0.0.1","uris":["`+kept+`"]}`)
	g.leadsTo(t, kept, "10.0.0.1")
	registered := time.Now()
	discovery.Await(t, 20*time.Second, lost+" to be gone", func() string {
		g.say(t, "register", `{"host":"10.0.0.1","uris":["`+kept+`"]}`)
		got, err := g.resolve(t.Context(), lost)
		if err == nil && len(got) == 0 {
			return ""
		}
		return fmt.Sprint(got, err)
	})
	if lived := time.Since(registered); lived < g.staleness/2 {
		t.Errorf("it lived %s, want about %s", lived, g.staleness)
	}
	g.leadsTo(t, kept, "10.0.0.1")
}

// TestGreeting is answered with what service-discovery.start says as well.
func TestGreeting(t *testing.T) {
	g := newTarget(t)
	answer, err := g.conn.Request("service-discovery.greet", nil, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	checkAnnouncement(t, answer, g.interval)
}

func checkAnnouncement(t *testing.T, m *nats.Msg, interval int) {
	t.Helper()
	var said map[string]any
	if err := json.Unmarshal(m.Data, &said); err != nil {
		t.Fatal(err)
	}
	if len(said) != 4 || said["id"] == "" || said["host"] == "" ||
		said["minimumRegisterIntervalInSeconds"] != float64(interval) || said["pruneThresholdInSeconds"] != 120.0 {
		t.Errorf("said %s", m.Data)
	}
}
