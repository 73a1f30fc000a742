package nodelease

import (
	"context"
	"fmt"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	applyv1 "k8s.io/client-go/applyconfigurations/coordination/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

const (
	// patience is how long one write may take.
	patience = 10 * time.Second
	// spacing is between writes: however many marks there are, a node writes its Lease
	// ten times a second at most.
	spacing = 100 * time.Millisecond
	// pause is before a write that has failed is tried again.
	pause = time.Second
	// app is the label and the field manager of what agents make.
	app = "c2c-cni"
)

// Lease is one node's. Its methods may be called from any number of goroutines.
type Lease struct {
	leases coordinationv1.LeaseInterface
	node   string
	done   func(error)
	log    lager.Logger
	owed   chan struct{} // holds a token when there is something to write

	mu           sync.Mutex
	seen, polled string // resourceVersions of namespaces, "": none yet; guarded by mu
}

// New returns the Lease of a node, and sends no request; done is told of each write.
func New(config *rest.Config, node string, done func(error), log lager.Logger) (*Lease, error) {
	client, err := coordinationv1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for Leases: %w", err)
	}
	return &Lease{leases: client.Leases(podgroup.AgentsNamespace), node: node, done: done, log: log.Session("node-lease"), owed: make(chan struct{}, 1)}, nil
}

// See takes note of a namespace's resourceVersion: of a mark, or of one that may have
// been missed.
func (l *Lease) See(revision string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isLater(revision, l.seen) {
		l.seen = revision
	}
}

// Begin is called before a poll, and end with how it went. What was seen before it
// began is then on its way to the Lease.
func (l *Lease) Begin() (end func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	return func(err error) {
		if err == nil {
			l.owe(seen)
		}
	}
}

func (l *Lease) owe(polled string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !isLater(polled, l.polled) {
		return
	}
	l.polled = polled
	select {
	case l.owed <- struct{}{}:
	default: // the write to come has it
	}
}

// Run writes until ctx ends. What a write that takes long has missed is in the next.
func (l *Lease) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.owed:
			l.write(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(spacing):
		}
	}
}

// write tries until it is done, or ctx ends.
func (l *Lease) write(ctx context.Context) {
	l.insist(ctx, l.apply, "not-written", "binds that wait for this node's policies wait in vain")
}

// insist tries until it is done, or ctx ends.
func (l *Lease) insist(ctx context.Context, try func(context.Context) error, failed, meaning string) {
	said := ""
	for ctx.Err() == nil {
		err := try(ctx)
		l.done(err)
		if err == nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			l.log.Error(failed, err, lager.Data{"meaning": meaning})
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (l *Lease) apply(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l.mu.Lock()
	polled := l.polled
	l.mu.Unlock()
	lease := applyv1.Lease(l.node, podgroup.AgentsNamespace).
		WithLabels(map[string]string{"app.kubernetes.io/name": app}).
		WithAnnotations(map[string]string{podgroup.PolledAnnotation: polled}).
		WithSpec(applyv1.LeaseSpec().WithHolderIdentity(l.node))
	if _, err := l.leases.Apply(ctx, lease, metav1.ApplyOptions{FieldManager: app, Force: true}); err != nil {
		return fmt.Errorf("writing the Lease %s/%s: %w", podgroup.AgentsNamespace, l.node, err)
	}
	return nil
}

// Remove deletes the Lease, if there is one: nobody waits for the node any more.
func (l *Lease) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := l.leases.Delete(ctx, l.node, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting the Lease %s/%s: %w", podgroup.AgentsNamespace, l.node, err)
	}
	return nil
}

// Withdraw removes the Lease, and tries until that is done or ctx ends: an agent that has
// no policies polled has nobody wait for them.
func (l *Lease) Withdraw(ctx context.Context) {
	l.insist(ctx, l.Remove, "not-removed", "binds wait in vain for a node whose agent has no policies polled")
}

// isLater tells whether a resourceVersion of namespaces is later than another, or the
// first one. Their order is that of the writes, whoever has made them.
func isLater(revision, than string) bool {
	if than == "" {
		return revision != ""
	}
	order, err := resourceversion.CompareResourceVersion(revision, than)
	return err == nil && order > 0
}
