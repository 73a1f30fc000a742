package pollnow

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"code.cloudfoundry.org/lager/v3"
)

// TestPoll: wishes that come while a poll is going on are one more poll, which
// begins after them; an agent that fails is asked again.
func TestPoll(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		begun <- struct{}{}
		w.WriteHeader(<-goOn)
	}))
	defer server.Close()
	polled := make(chan error, 10)
	p := New(server.URL, func() func(error) { return func(err error) { polled <- err } }, lager.NewLogger("test"))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	p.Wish()
	<-begun
	for range 100 {
		p.Wish()
	}
	for _, status := range []int{200, 500} {
		goOn <- status
		if err := <-polled; (err == nil) != (status == 200) {
			t.Errorf("answered %d: %v", status, err)
		}
		<-begun
	}
	goOn <- 200
	if err := <-polled; err != nil {
		t.Errorf("asked again: %v", err)
	}
	cancel()
	running.Wait()
	if len(p.wishes) > 0 {
		t.Error("a hundred wishes are more than one poll")
	}
}
