package events

import (
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clientgotesting "k8s.io/client-go/testing"
)

func TestShorten(t *testing.T) {
	for name, c := range map[string]struct{ note, want string }{
		"as it is":   {"0 of 1 pods ready", "0 of 1 pods ready"},
		"lines":      {"a\n  b\tc\n", "a b c"},
		"no letters": {"a\xffb", "ab"},
		"too long":   {strings.Repeat("x", 2000), strings.Repeat("x", 1020) + " …"},
		"in between": {"x" + strings.Repeat("ä", 1000), "x" + strings.Repeat("ä", 509) + " …"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shorten(c.note); got != c.want || len(got) > longestNote || !utf8.ValidString(got) {
				t.Errorf("got %q of %d bytes", got, len(got))
			}
		})
	}
}

// TestOneNamespaceIsNotAll: however much one namespace has to tell, another's Event is
// told, and nobody waits for a cluster that doesn't answer.
func TestOneNamespaceIsNotAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients, told, answer := fake.NewClientset(), make(chan string, 1000), make(chan struct{})
		clients.PrependReactor("create", "events", func(a clientgotesting.Action) (bool, runtime.Object, error) {
			told <- a.GetNamespace()
			<-answer
			return true, &eventsv1.Event{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, nil
		})
		teller := New(clients)
		for range 500 {
			teller.Tell(t.Context(), Event{Namespace: "loud", Reason: "PoliciesPutBack"})
		}
		teller.Tell(t.Context(), Event{Namespace: "quiet", Reason: "CreateFailed"})
		close(answer)
		synctest.Wait()
		close(told)
		count := map[string]int{}
		for namespace := range told {
			count[namespace]++
		}
		if count["quiet"] != 1 || count["loud"] != perNamespace {
			t.Errorf("told are %v", count)
		}
	})
}
