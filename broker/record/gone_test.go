package record_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestGone keeps what failed of the last instances that are gone, whichever
// replicas note it at the same time, in a Secret of bounded size.
func TestGone(t *testing.T) {
	store, namespace := newStore(t)
	if err := store.NoteGone(t.Context(), instance()); err != nil {
		t.Fatal(err)
	}
	if all, err := store.LiveGone(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("an instance of which nothing failed is kept: %+v, %v", all, err)
	}
	note := func(id string) {
		failed := instance()
		failed.ID = id
		for n := range 5 {
			failed.Operation.ID = fmt.Sprint(n)
			failed.Operation.Description = record.Reason(strings.Repeat("no such image ", 1000))
			failed = failed.WithFailure(time.Now())
		}
		if err := store.NoteGone(t.Context(), failed); err != nil {
			t.Error(err)
		}
	}
	var notes sync.WaitGroup
	for replica := range 4 {
		notes.Go(func() {
			for n := range 15 {
				note(fmt.Sprintf("%d-%d", replica, n))
			}
		})
	}
	notes.Wait()
	note("last")
	note("last") // again, after a crash say
	all, err := store.LiveGone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 50 || all[49].ID != "last" || all[48].ID == "last" {
		t.Fatalf("%d instances are kept, the last of them %s", len(all), all[len(all)-1].ID)
	}
	if failures := all[49].Failures; len(failures) != 3 || failures[2].ID != "4" || !strings.HasPrefix(string(failures[2].Reason), "no such image") {
		t.Errorf("of the last one are kept %+v", failures)
	}
	secret, err := clients.CoreV1().Secrets(namespace).Get(t.Context(), "gone", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if size := len(secret.Data["instances"]); size > 300<<10 {
		t.Errorf("the Secret has %d bytes", size)
	}
	secret.Data["instances"] = []byte("damaged")
	if _, err := clients.CoreV1().Secrets(namespace).Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	note("after")
	if all, err := store.LiveGone(t.Context()); len(all) != 1 || err != nil {
		t.Errorf("after somebody has damaged it there are %d, %v", len(all), err)
	}
}
