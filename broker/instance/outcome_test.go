package instance

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestRefusedOutcome ends an operation all the same if the API server refuses
// the record with its reason, and leaves one that may pass for later.
func TestRefusedOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		refusal *apierrors.StatusError
		ends    bool
	}{
		"invalid":   {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", nil), true},
		"too large": {apierrors.NewRequestEntityTooLargeError("the limit is 3145728"), true},
		"forbidden": {apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "x", errors.New("a policy")), true},
		"starting":  {apierrors.NewServiceUnavailable("starting"), false},
	} {
		t.Run(name, func(t *testing.T) {
			records := refusing(t, "the reason", c.refusal, math.MaxInt)
			made, err := records.CreateInstance(t.Context(), record.Instance{ID: "one", Operation: record.NewOperation(record.Create, record.Origin{})})
			if err != nil {
				t.Fatal(err)
			}
			instances := &Instances{records: records, metrics: measure.New(prometheus.NewRegistry())}
			w := &work{Instances: instances, instance: made, progress: progress{written: made}, log: lager.NewLogger("test")}
			err = w.fail(t.Context(), "the reason")
			left, readErr := records.LiveInstance(t.Context(), "one")
			if readErr != nil {
				t.Fatal(readErr)
			}
			if (err == nil) != c.ends || left.Operation.Running() == c.ends {
				t.Errorf("%v; the operation is %+v", err, left.Operation)
			}
			if c.ends && left.Operation.Description != unspeakable {
				t.Errorf("it failed with %q", left.Operation.Description)
			}
		})
	}
}

// TestConflicts writes an outcome though the record is changed again and again
// meanwhile, by whomever: nobody else will write it.
func TestConflicts(t *testing.T) {
	for state, end := range map[record.State]func(*work) error{
		record.Failed:    func(w *work) error { return w.fail(t.Context(), "the reason") },
		record.Succeeded: func(w *work) error { return w.finish(t.Context(), record.Succeeded, "") },
	} {
		conflict := apierrors.NewConflict(schema.GroupResource{Resource: "secrets"}, "x", nil)
		records := refusing(t, string(state), conflict, 3)
		made, err := records.CreateInstance(t.Context(), record.Instance{ID: "one", Operation: record.NewOperation(record.Create, record.Origin{})})
		if err != nil {
			t.Fatal(err)
		}
		instances := &Instances{records: records, metrics: measure.New(prometheus.NewRegistry())}
		w := &work{Instances: instances, instance: made, progress: progress{written: made}, log: lager.NewLogger("test")}
		if err := end(w); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		if left, err := records.LiveInstance(t.Context(), "one"); err != nil || left.Operation.State != state {
			t.Errorf("the operation is %+v, %v", left.Operation, err)
		}
	}
}

// refusing is a store of one record, whose API server refuses a number of times
// to have the words written.
func refusing(t *testing.T, words string, refusal *apierrors.StatusError, times int) *record.Store {
	t.Helper()
	var kept corev1.Secret
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodGet {
			var written corev1.Secret
			if err := json.NewDecoder(r.Body).Decode(&written); err != nil {
				t.Error(err)
			}
			if times > 0 && strings.Contains(string(written.Data["record"]), words) {
				times--
				w.WriteHeader(int(refusal.ErrStatus.Code))
				_ = json.NewEncoder(w).Encode(refusal.ErrStatus)
				return
			}
			kept = written
		}
		_ = json.NewEncoder(w).Encode(kept)
	}))
	t.Cleanup(server.Close)
	clients, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		t.Fatal(err)
	}
	records, err := record.NewStore(clients, "records")
	if err != nil {
		t.Fatal(err)
	}
	return records
}
