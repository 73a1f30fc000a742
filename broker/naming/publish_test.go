package naming

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestPublishEnds: the credentials of a plan's cluster that the catalog doesn't offer
// any more are read with the chart that is kept. An API server that doesn't answer
// holds up no bind for longer than that waits.
func TestPublishEnds(t *testing.T) {
	asked := make(chan struct{}, 1)
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer api.Close()
	defer api.CloseClientConnections()
	clients, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	records, err := record.NewStore(clients, "broker")
	if err != nil {
		t.Fatal(err)
	}
	clusters := locate.NewClusters(nil, nil, locate.NewCharts(&chart.Live{}, records, nil))
	n, err := New("cluster.local", "cf", clusters, records, nil, lager.NewLogger("test"))
	if err != nil {
		t.Fatal(err)
	}
	n.begin(t.Context())
	i := record.Instance{ID: "instance", Namespace: "cf-short", Cluster: "another", Chart: record.Chart{Digest: "sha256:gone"}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Publish(ctx, i)
	}()
	<-asked
	cancel()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute): // only where it hangs
		t.Fatal("the bind has ended, and it still waits for the instance's cluster")
	}
	if n.unknown[i.Namespace].err == nil {
		t.Error("nothing says that its names aren't known")
	}
	if n.remove("another"); len(n.unknown) != 1 {
		t.Error("another instance is gone, and this one's names count as known")
	}
	if n.remove(i.ID); len(n.unknown) != 0 {
		t.Errorf("the instance is gone, and its names count as not known: %v", n.unknown)
	}
}
