package watch_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// census is which addresses the pods of each namespace have ever had.
type census struct {
	mu   sync.Mutex
	ever map[string]map[string]bool
}

func takeCensus(t *testing.T) *census {
	t.Helper()
	c := &census{ever: map[string]map[string]bool{}}
	informer := coreinformers.NewPodInformer(clients, metav1.NamespaceAll, 0, cache.Indexers{})
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: c.count, UpdateFunc: func(_, now any) { c.count(now) }})
	if err != nil {
		t.Fatal(err)
	}
	go informer.RunWithContext(t.Context())
	return c
}

func (c *census) count(object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok || pod.Status.PodIP == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ever[pod.Namespace] == nil {
		c.ever[pod.Namespace] = map[string]bool{}
	}
	c.ever[pod.Namespace][pod.Status.PodIP] = true
}

func (c *census) has(namespace, address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ever[namespace][address]
}

// client resolves without pause.
type client struct {
	cancel   context.CancelFunc
	ended    chan struct{}
	resolved int
	seen     map[string]map[string]bool // namespace → addresses
	lost     []string                   // when the anchor wasn't there
}

func (w *world) startClient() *client {
	ctx, cancel := context.WithCancel(w.Context())
	c := &client{cancel: cancel, ended: make(chan struct{}), seen: map[string]map[string]bool{}}
	anchor := w.instances[0].pods("anchor")[0].Status.PodIP
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			c.resolve(ctx, w, anchor)
		}
	}()
	return c
}

func (c *client) resolve(ctx context.Context, w *world, anchor string) {
	for i, p := range w.instances {
		if c.seen[p.namespace] == nil {
			c.seen[p.namespace] = map[string]bool{}
		}
		for _, name := range namesOf(p) {
			addresses, err := w.discovery.Resolve(ctx, name)
			if err != nil {
				continue // the controller has only just started
			}
			c.resolved++
			for _, a := range addresses {
				c.seen[p.namespace][a.String()] = true
			}
			if i == 0 && strings.HasPrefix(name, "anchor") && (len(addresses) != 1 || addresses[0].String() != anchor) {
				c.lost = append(c.lost, fmt.Sprintf("%v at %s", addresses, time.Now().Format("15:04:05.000")))
			}
		}
	}
}

func (c *client) stop(t *testing.T, w *world) {
	t.Helper()
	c.cancel()
	<-c.ended
	for namespace, addresses := range c.seen {
		for address := range addresses {
			if !w.census.has(namespace, address) {
				t.Errorf("a name of %s led to %s, which no pod of it has ever had", namespace, address)
			}
		}
	}
	if len(c.lost) > 0 {
		t.Errorf("the anchor's name didn't lead to it %d times: %v", len(c.lost), c.lost[:min(len(c.lost), 5)])
	}
}
