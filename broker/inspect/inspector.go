package inspect

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
)

// ErrNoInstance says that no record has the id.
var ErrNoInstance = errors.New("no such instance; broker instances list shows them")

// errChanged says that somebody else was faster.
var errChanged = errors.New("it has changed meanwhile; look at it with broker instances show, and begin again if that is still needed")

// changed says it in place of a write's conflict.
func changed(err error) error {
	if errors.Is(err, record.ErrConflict) {
		return errChanged
	}
	return err
}

// Inspector reads and changes the records of one broker.
type Inspector struct {
	namespace string // of the records
	config    *rest.Config
	records   *record.Store
	clients   kubernetes.Interface
	bounded   kubernetes.Interface // reads what instances' namespaces hold
}

// New inspects the broker whose records are in the namespace of the cluster
// that config names. It sends no request.
func New(config *rest.Config, namespace string) (*Inspector, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	records, err := record.NewStore(clients, namespace)
	if err != nil {
		return nil, err
	}
	reading, err := kubernetes.NewForConfig(bounded.Reads(config))
	if err != nil {
		return nil, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	return &Inspector{namespace: namespace, config: config, records: records, clients: clients, bounded: reading}, nil
}

// find reads an instance's record.
func (in *Inspector) find(ctx context.Context, id string) (record.Instance, error) {
	i, err := in.records.LiveInstance(ctx, id)
	if errors.Is(err, record.ErrNotFound) {
		return i, ErrNoInstance
	}
	var damaged *record.DamagedError
	if errors.As(err, &damaged) {
		return i, fmt.Errorf("%w; mend it, or, if the instance is gone for good, delete it with `kubectl -n %s delete secret %s`", err, in.namespace, damaged.Secret)
	}
	return i, err
}

// Damaged is a record that can't be read.
type Damaged struct {
	// Secret holds the record, in the broker's namespace.
	Secret string `json:"secret"`
	Reason string `json:"reason"`
}

// damagedIn returns the damaged records that err names. Any other error it
// returns as it is.
func damagedIn(err error) ([]Damaged, error) {
	if !errors.Is(err, record.ErrDamaged) {
		return nil, err
	}
	var damaged []Damaged
	for _, d := range record.Damaged(err) {
		damaged = append(damaged, Damaged{Secret: d.Secret, Reason: d.Reason})
	}
	return damaged, nil
}
