package faults

import (
	"net/http"
	"testing"
)

// TestQuotaBetweenReplicas has one replica count the instances, and write its
// own only after another has let in the last one that there may be. The first
// gives way, and nothing is left of what it wrote.
func TestQuotaBetweenReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared, 2, map[string]string{"QUOTA_PER_SPACE": "1"})
	w.rest() // both run
	late, early := w.newInstance(1), w.newInstance(2)
	claim := w.replicas[0].gate.hold("instance." + late.ID)
	lateAnswer := make(chan int, 1)
	go func() {
		answer, _ := w.provision(late)(w.replicas[0].client())
		lateAnswer <- answer.Status
	}()
	<-claim.reached
	answer, err := w.provision(early)(w.replicas[1].client())
	if err != nil || answer.Status != http.StatusAccepted && answer.Status != http.StatusCreated {
		t.Fatalf("the last instance that there may be got %d %s, %v", answer.Status, answer.Body, err)
	}
	close(claim.released)
	if status := <-lateAnswer; status != http.StatusUnprocessableEntity {
		t.Fatalf("one instance too many got %d, want 422", status)
	}
	w.create(early) // the same again: its outcome
	w.gone[late.ID] = late
	w.rest()
	w.delete(early)
	w.rest()
}
