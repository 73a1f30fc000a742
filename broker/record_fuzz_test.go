package broker_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// FuzzWho takes Originating Identity headers apart.
func FuzzWho(f *testing.F) {
	for _, seed := range []string{
		"", "cloudfoundry", "cloudfoundry eyJ1c2VyX2lkIjoiNjgzZWE3NDgtMzA5Mi00ZmY0LWI2NTYtMzljYWNjNGQ1MzYwIn0=", "kubernetes eyJ1c2VybmFtZSI6ImR1a2UiLCJ1aWQiOiJjMmRkZTI0MiIsImdyb3VwcyI6WyJhZG1pbiJdfQ==",
		"cloudfoundry !!!", "cloudfoundry bnVsbA==", "cloudfoundry WzFd", "cloudfoundry eyJ1c2VyX2lkIjo3fQ==", "  x", "x\n y", "\xff \xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		platform, user := record.Who(header)
		if strings.Contains(platform, " ") || !strings.HasPrefix(header, platform) || len(user) > len(header) {
			t.Errorf("%q is of platform %q and user %q", header, platform, user)
		}
	})
}

// FuzzRecord reads records that somebody has edited. They are damaged or
// sound, and what is said of them quotes nothing that they hold.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"format":1,"id":"one","service_id":"s","plan_id":"p","parameters":{"a":1},"namespace":"n","release":"r","chart":{"name":"c","version":"1.0.0","digest":"sha256:00"},"operation":{"id":"o","type":"create","state":"in progress","started":"2026-01-02T03:04:05Z","attempt":1},"update":{"plan_id":"q","chart":{},"from":3}}`,
		`{"format":1,"id":"b","instance_id":"one","app_guid":"a","credentials":{"password":"s3cr3t"},"policies":[{"source":{"id":"a"},"destination":{"id":"b","protocol":"tcp","ports":{"start":1,"end":2}}}],"state":"bound","operation":null}`,
		`{"format":2}`, `{"format":1,"operation":{"started":"s3cr3t"}}`, `{"format":"s3cr3t"}`, `[]`, `null`, ``, `{"format":1} s3cr3t`, `{"format":1,"policies":"s3cr3t"}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	var text []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "n", ResourceVersion: "7"}, Data: map[string][]byte{"record": text},
		})
	}))
	f.Cleanup(server.Close)
	clients, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		f.Fatal(err)
	}
	store, err := record.NewStore(clients, "n")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, edited []byte) {
		text = edited
		instance, err := store.LiveInstance(t.Context(), "one")
		sound(t, err)
		if err == nil {
			_, _ = instance.Usable(), instance.Operation.Running()
		}
		_, err = store.LiveBinding(t.Context(), "one", "b")
		sound(t, err)
	})
}

func sound(t *testing.T, err error) {
	t.Helper()
	var damaged *record.DamagedError
	if err != nil && !errors.As(err, &damaged) {
		t.Errorf("neither damaged nor sound: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("the error quotes the record: %v", err)
	}
}
