package rig

import (
	"strings"
	"testing"
)

// Want fails the test unless the request was answered with the status.
func Want(t testing.TB, status int) func(Answer, error) Answer {
	return func(answer Answer, err error) Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != status {
			t.Fatalf("status %d, want %d: %s", answer.Status, status, answer.Body)
		}
		return answer
	}
}

// StopAfter has the broker stopped after the test, which fails if the broker ends badly
// otherwise than killed, or if its log tells of a data race. A failed test shows the log.
func (b *Broker) StopAfter(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if err := b.Stop(); err != nil && !strings.Contains(err.Error(), "signal: killed") {
			t.Errorf("the broker ended badly: %v", err)
		}
		if strings.Contains(b.Log(), "DATA RACE") || t.Failed() {
			t.Errorf("the broker's log:\n%s", WithoutPolls(b.Log()))
		}
	})
}
