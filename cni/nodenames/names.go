package nodenames

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
)

// Settings say whose names are published, and where.
type Settings struct {
	Node   string
	Domain names.Domain
	// Prefixes begin the names of instances' namespaces: PREFIX-….
	Prefixes []string
	NATS     publish.Settings
}

// mine tells whether a namespace is an instance's.
func (s Settings) mine(namespace string) bool {
	return slices.ContainsFunc(s.Prefixes, func(prefix string) bool { return strings.HasPrefix(namespace, prefix+"-") })
}

// Names are those of one node's pods.
type Names struct {
	node      string
	publisher *publish.Publisher
	watcher   *watch.Watcher
	log       lager.Logger
}

// Start watches until ctx ends, and publishes until it is closed.
func Start(ctx context.Context, client kubernetes.Interface, s Settings, metrics *publish.Metrics, log lager.Logger) (*Names, error) {
	n := &Names{node: s.Node, publisher: publish.Start(s.NATS, nil, metrics, log), log: log.Session("node-names")}
	n.publisher.Lead()
	watcher, err := watch.Start(ctx, client, s.Domain, s.mine, n.tell)
	if err != nil {
		n.publisher.Close()
		return nil, fmt.Errorf("watching the names of the node's pods: %w", err)
	}
	n.watcher = watcher
	watcher.AddAll()
	return n, nil
}

// Close returns when nothing is published any more. What is published stays so for the
// life of a name, some minutes: long enough for the node's next agent to go on with it.
func (n *Names) Close() { n.publisher.Close() }

// Problem says why names aren't known or published right now.
func (n *Names) Problem() error {
	var unseen error
	if !n.watcher.Synced() {
		unseen = errors.New("the names of the node's pods aren't known yet, since not all Services and EndpointSlices have been seen")
	}
	return errors.Join(n.publisher.Problem(), unseen, n.watcher.Problem())
}

// tell publishes what of a namespace is here. What of it can't have a name is told by
// the nodes that it has pods on.
func (n *Names) tell(namespace string, records []names.Record, refused []error) {
	here := names.OnNode(n.node, records)
	n.publisher.Set(namespace, here)
	if err := errors.Join(refused...); err != nil && len(here) > 0 {
		n.log.Error("names-refused", err, lager.Data{"namespace": namespace})
	}
}
