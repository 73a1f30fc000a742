package fair

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestMeter: who waits is counted while it waits, and how long it did once it has its
// turn.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Meter{}
		s := NewSemaphore(1).Metered(m)
		if err := s.Take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		go func() {
			if err := s.Take(t.Context(), "b"); err != nil {
				t.Error(err)
			}
			s.Give("b")
		}()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Take(impatient, "c"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it has a turn beside another: %v", err)
		}
		synctest.Wait()
		if m.Waiting() != 1 || m.Turns() != 1 || m.Waited() != 0 {
			t.Errorf("%d wait, %d had turns after %s", m.Waiting(), m.Turns(), m.Waited())
		}
		s.Give("a")
		synctest.Wait()
		if m.Waiting() != 0 || m.Turns() != 2 || m.Waited() != time.Second {
			t.Errorf("then %d wait, %d had turns after %s", m.Waiting(), m.Turns(), m.Waited())
		}
	})
}
