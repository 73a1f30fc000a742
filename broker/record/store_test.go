package record_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

var clients kubernetes.Interface

func TestMain(m *testing.M) {
	os.Exit(cluster.Share(m, cluster.Options{Nodes: 1}, func(c *cluster.Cluster) (err error) {
		clients, err = kubernetes.NewForConfig(c.RESTConfig())
		return err
	}))
}

// newStore returns a store with a namespace of its own and a filled cache.
func newStore(t *testing.T) (*record.Store, string) {
	t.Helper()
	namespace, err := clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "records-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := record.NewStore(clients, namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	go store.Run(t.Context())
	if !cache.WaitForCacheSync(t.Context().Done(), store.Synced) {
		t.Fatal("the cache wasn't filled")
	}
	return store, namespace.Name
}

func instance() record.Instance {
	return record.Instance{
		ID: "one", ServiceID: "s", PlanID: "p", Parameters: json.RawMessage(`{"a":1}`), Namespace: "n", Release: "r",
		Operation: record.Operation{ID: "o1", Type: record.Create, State: record.InProgress, Started: time.Now().UTC().Truncate(time.Second), Attempt: 1},
	}
}

// TestClaim lets many claim one id at once: one gets it.
func TestClaim(t *testing.T) {
	store, _ := newStore(t)
	var claims sync.WaitGroup
	results := make(chan error, 20)
	for range cap(results) {
		claims.Go(func() {
			_, err := store.CreateInstance(t.Context(), instance())
			results <- err
		})
	}
	claims.Wait()
	close(results)
	won := 0
	for err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, record.ErrExists):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d claims won, want 1", won)
	}
}

// TestGuard refuses writes that are based on an old read.
func TestGuard(t *testing.T) {
	store, _ := newStore(t)
	first, err := store.CreateInstance(t.Context(), instance())
	if err != nil {
		t.Fatal(err)
	}
	changed := first
	changed.Operation.State = record.Succeeded
	second, err := store.UpdateInstance(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.UpdateInstance(t.Context(), first); !errors.Is(err, record.ErrConflict) {
		t.Errorf("an update of an old read: %v", err)
	}
	if err := store.DeleteInstance(t.Context(), first); !errors.Is(err, record.ErrConflict) {
		t.Errorf("a delete of an old read: %v", err)
	}
	if err := store.DeleteInstance(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteInstance(t.Context(), second); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if _, err := store.UpdateInstance(t.Context(), second); !errors.Is(err, record.ErrConflict) {
		t.Errorf("an update of what is gone: %v", err)
	}
	if _, err := store.LiveInstance(t.Context(), "one"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("reading what is gone: %v", err)
	}
}

// TestFormats: a broker from before reads what has nothing that it doesn't know, and nothing
// else.
func TestFormats(t *testing.T) {
	store, _ := newStore(t)
	for seed, want := range map[string]int{"": 1, "c2VlZA==": 2} {
		i := instance()
		i.ID, i.Seed = fmt.Sprint("format", want), seed
		made, err := store.CreateInstance(t.Context(), i)
		if err != nil || made.Format != want {
			t.Errorf("with the seed %q it has format %d, want %d: %v", seed, made.Format, want, err)
		}
		if live, err := store.LiveInstance(t.Context(), i.ID); err != nil || live.Format != want || live.Seed != seed {
			t.Errorf("with the seed %q it is read as %+v: %v", seed, live, err)
		}
	}
	for want, kept := range map[int]*record.CredHub{1: nil, 3: {Name: "/c/n", Reader: "mtls-app:a"}} {
		b := record.Binding{ID: fmt.Sprint("b", want), InstanceID: "i", CredHub: kept, Credentials: []byte(`{"p":1}`)}
		made, err := store.CreateBinding(t.Context(), b)
		if err != nil || made.Format != want {
			t.Errorf("kept in %+v it has format %d, want %d: %v", kept, made.Format, want, err)
		}
		issued, err := json.Marshal(made.Issued())
		if err != nil || string(issued) != map[int]string{1: `{"p":1}`, 3: `{"credhub-ref":"/c/n"}`}[want] {
			t.Errorf("kept in %+v it hands out %s: %v", kept, issued, err)
		}
	}
}

// TestRoundTrip reads back what was written, live and from the cache, and
// hears of the changes.
func TestRoundTrip(t *testing.T) {
	store, _ := newStore(t)
	heard := make(chan string, 100)
	if err := store.OnInstance(func(id string, _, _ *record.Instance) { heard <- id }); err != nil {
		t.Fatal(err)
	}
	want := instance()
	if _, err := store.CreateInstance(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if id := <-heard; id != "one" {
		t.Errorf("heard of %q", id)
	}
	live, err := store.LiveInstance(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	known, err := store.Instance("one")
	if err != nil {
		t.Fatal(err)
	}
	for where, have := range map[string]record.Instance{"live": live, "cached": known} {
		if have.ID != want.ID || !reflect.DeepEqual(have.Operation, want.Operation) || string(have.Parameters) != string(want.Parameters) || have.Format != 1 {
			t.Errorf("%s: %+v, want %+v", where, have, want)
		}
	}
	if _, err := store.Instance("two"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("reading what never was: %v", err)
	}
}

func TestBindings(t *testing.T) {
	store, namespace := newStore(t)
	made := record.Binding{
		ID: "b", InstanceID: "one", AppGUID: "app", State: record.Opening,
		Credentials: json.RawMessage(`{"password":"s3cr3t"}`), Policies: []policy.Policy{policy.To("app", "one", "tcp", 1)},
	}
	if _, err := store.CreateBinding(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateBinding(t.Context(), made); !errors.Is(err, record.ErrExists) {
		t.Errorf("the same binding again: %v", err)
	}
	if _, err := store.LiveBinding(t.Context(), "two", "b"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("the binding under another instance: %v", err)
	}
	if _, err := store.CreateInstance(t.Context(), instance()); err != nil {
		t.Fatal(err)
	}
	all, err := store.LiveBindings(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Policies[0] != made.Policies[0] {
		t.Errorf("bindings: %+v", all)
	}
	// Nothing secret stands where less than the right to read Secrets suffices.
	secrets, err := clients.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets.Items {
		if text, _ := json.Marshal(s.ObjectMeta); strings.Contains(string(text), "s3cr3t") || s.Type == corev1.SecretTypeOpaque {
			t.Errorf("Secret %s: type %s, metadata %s", s.Name, s.Type, text)
		}
	}
}

// TestDamagedRecords are reported by name, and not quoted.
// TestInstancesOfANamespace finds instances by the namespace that their records name
// now.
func TestInstancesOfANamespace(t *testing.T) {
	store, _ := newStore(t)
	one, two := instance(), instance()
	two.ID, two.Namespace = "two", "m"
	for _, i := range []record.Instance{one, two} {
		if _, err := store.CreateInstance(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	await(t, store, "n", "one")
	await(t, store, "m", "two")
	moved, err := store.LiveInstance(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	moved.Namespace = "n"
	if moved, err = store.UpdateInstance(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	await(t, store, "n", "one", "two")
	await(t, store, "m")
	if err := store.DeleteInstance(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	await(t, store, "n", "one")
}

// await fails unless these instances, and no others, are known to be in the namespace
// soon.
func await(t *testing.T, store *record.Store, namespace string, want ...string) {
	t.Helper()
	var have []string
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) {
		have = nil
		for _, i := range store.In(namespace) {
			have = append(have, i.ID)
		}
		slices.Sort(have)
		return slices.Equal(have, want), nil
	})
	if err != nil {
		t.Errorf("in %s are %q, want %q", namespace, have, want)
	}
}

// TestOperators finds the access of operators among that of instances, and as it was
// last written.
func TestOperators(t *testing.T) {
	store, _ := newStore(t)
	for _, b := range []record.Binding{
		{ID: record.OwnAccess, InstanceID: "one", State: record.Bound},
		{ID: record.OwnAccess, InstanceID: "group", State: record.Bound, Operator: &record.Operator{Chart: "things"}},
	} {
		made, err := store.CreateBinding(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if made.Operator == nil {
			continue
		}
		made.Operator.Serves = []string{"things.example.com"}
		if _, err := store.UpdateBinding(t.Context(), made); err != nil {
			t.Fatal(err)
		}
	}
	var have []record.Binding
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		have = store.Operators()
		return len(have) == 1 && len(have[0].Operator.Serves) == 1, nil
	})
	if err != nil {
		t.Errorf("%v: the operators are %+v", err, have)
	}
}

func TestDamagedRecords(t *testing.T) {
	store, namespace := newStore(t)
	made, err := store.CreateInstance(t.Context(), instance())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"format":1,"id":7,"x":"s3cr3t"}`: "is damaged",
		`s3cr3t`:                           "is damaged",
		`{"format":99}`:                    "has format 99",
	} {
		secret, err := clients.CoreV1().Secrets(namespace).Get(t.Context(), "instance."+made.ID, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		secret.Data["record"] = []byte(text)
		if _, err := clients.CoreV1().Secrets(namespace).Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err = store.LiveInstance(t.Context(), "one")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "instance.one") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("a record %s: error %v, want %q", text, err, want)
		}
	}
}
