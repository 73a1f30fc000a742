package nodeevent_test

import (
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/cni/nodeevent"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

var local *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(cluster.Share(m, cluster.Options{Nodes: 1}, func(c *cluster.Cluster) error { local = c; return nil }))
}

// TestWarn: what is told twice is one event, of the second time; a long message fits.
func TestWarn(t *testing.T) {
	teller, err := nodeevent.New(local.RESTConfig(), "worker-1", "c2c-cni")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := teller.Warn(t.Context(), "OverlayUnsafe", "set masqueradeBit: 30"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // an event's times are in seconds
	}
	if err := teller.Warn(t.Context(), "OverlayUnsafe", strings.Repeat("ü", 4000)); err != nil {
		t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(local.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,involvedObject.name=worker-1"})
	if err != nil {
		t.Fatal(err)
	}
	if len(events.Items) != 2 {
		t.Fatalf("%d events, want 2: %+v", len(events.Items), events.Items)
	}
	for _, e := range events.Items {
		if e.Message == "set masqueradeBit: 30" && !e.LastTimestamp.After(e.FirstTimestamp.Time) {
			t.Errorf("told again, it is still of %s", e.LastTimestamp)
		}
	}
}
