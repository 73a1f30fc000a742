package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Errors that callers act on.
var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("no such record")
	// ErrExists: somebody has claimed the id already.
	ErrExists = errors.New("the record exists already")
	// ErrConflict: the record was changed or deleted since it was read.
	ErrConflict = errors.New("the record has changed since it was read")
	// ErrDamaged: some records can't be read; somebody has edited them.
	ErrDamaged = errors.New("some records are damaged")
)

// Store reads and writes records.
type Store struct {
	namespace string
	secrets   typedcorev1.SecretInterface
	rest      rest.Interface
	informer  cache.SharedIndexInformer
	// written has the bindings that this process has just written, which informer may
	// not have seen yet.
	written cache.MutationCache
	changes *changes // of informer's cache
}

// NewStore keeps records as Secrets of the given namespace. Run must be
// called before anything is read from the cache.
func NewStore(clients kubernetes.Interface, namespace string) (*Store, error) {
	factory := informers.NewSharedInformerFactoryWithOptions(clients, 0, informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = kindLabel }))
	informer := factory.Core().V1().Secrets().Informer()
	if err := informer.AddIndexers(cache.Indexers{byInstance: bindingInstance, byOperator: operatorsAccess, byApp: appOf, byGroup: groupsOf, byNamespace: namespaceOf}); err != nil {
		return nil, fmt.Errorf("indexing the records: %w", err)
	}
	if err := informer.SetTransform(withoutManagedFields); err != nil {
		return nil, fmt.Errorf("trimming the records: %w", err)
	}
	written, err := newWritten(informer)
	if err != nil {
		return nil, fmt.Errorf("watching the records: %w", err)
	}
	changes := &changes{}
	if err := changes.watch(informer); err != nil {
		return nil, fmt.Errorf("watching the records: %w", err)
	}
	return &Store{
		namespace: namespace, secrets: clients.CoreV1().Secrets(namespace), rest: clients.CoreV1().RESTClient(),
		informer: informer, written: written, changes: changes,
	}, nil
}

// byInstance is the index that finds an instance's bindings.
const byInstance = "instance"

func bindingInstance(object any) ([]string, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Labels[kindLabel] != bindingKind {
		return nil, nil
	}
	return []string{secret.Labels[instanceLabel]}, nil
}

// byOperator is the index that finds the access of all operators, under "true".
const byOperator = "operator"

func operatorsAccess(object any) ([]string, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Labels[operatorLabel] == "" {
		return nil, nil
	}
	return []string{secret.Labels[operatorLabel]}, nil
}

// withoutManagedFields drops what a cached record never needs.
func withoutManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

// Home is the UID of the namespace that the records are in. No other broker has the
// same, wherever it runs.
func (s *Store) Home(ctx context.Context) (string, error) {
	home := &corev1.Namespace{}
	if err := s.rest.Get().Resource("namespaces").Name(s.namespace).Do(ctx).Into(home); err != nil {
		return "", fmt.Errorf("reading the namespace of the records: %w", err)
	}
	return string(home.UID), nil
}

// Run watches the records until ctx ends.
func (s *Store) Run(ctx context.Context) { s.informer.RunWithContext(ctx) }

// Synced tells whether the cache has been filled once.
func (s *Store) Synced() bool { return s.informer.HasSynced() }

// OnInstance calls changed for every instance whose record is added, changed or
// deleted, and once for each at the start: with its id, and the record before and
// now, nil where there is none, or none that can be read.
func (s *Store) OnInstance(changed func(id string, before, now *Instance)) error {
	return s.on(instanceKind, func(either, before, now *corev1.Secret) {
		changed(either.Annotations[instanceAnnotation], readable[Instance](before), readable[Instance](now))
	})
}

// OnBinding is OnInstance for bindings.
func (s *Store) OnBinding(changed func(instanceID, id string, now *Binding)) error {
	return s.on(bindingKind, func(either, _, now *corev1.Secret) {
		changed(either.Annotations[instanceAnnotation], either.Annotations[bindingAnnotation], readable[Binding](now))
	})
}

// readable is what a Secret records; nil without one.
func readable[T any, P entity[T]](secret *corev1.Secret) *T {
	if secret == nil {
		return nil
	}
	record, err := decode[T, P](secret)
	if err != nil {
		return nil
	}
	return &record
}

// on calls changed with every record of a kind that is added, changed or
// deleted: before is nil for one that is added, now for one that is deleted, and
// either is the other.
func (s *Store) on(kind string, changed func(either, before, now *corev1.Secret)) error {
	of := func(object any) *corev1.Secret {
		if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = unknown.Obj
		}
		if secret, ok := object.(*corev1.Secret); ok && secret.Labels[kindLabel] == kind {
			return secret
		}
		return nil
	}
	notify := func(before, now any) {
		was, is := of(before), of(now)
		if either := cmp.Or(is, was); either != nil {
			changed(either, was, is)
		}
	}
	_, err := s.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(now any) { notify(nil, now) },
		UpdateFunc: notify,
		DeleteFunc: func(before any) { notify(before, nil) },
	})
	if err != nil {
		return fmt.Errorf("watching the records: %w", err)
	}
	return nil
}

func create[T any, P entity[T]](ctx context.Context, s *Store, record T) (T, error) {
	secret, err := encode[T](P(&record))
	if err != nil {
		return record, err
	}
	created, err := s.secrets.Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return record, ErrExists
	}
	if err != nil {
		return record, fmt.Errorf("creating record %s: %w", secret.Name, err)
	}
	s.wrote(created)
	return decode[T, P](created)
}

func update[T any, P entity[T]](ctx context.Context, s *Store, record T) (T, error) {
	secret, err := encode[T](P(&record))
	if err != nil {
		return record, err
	}
	updated, err := s.secrets.Update(ctx, secret, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return record, ErrConflict
	}
	if err != nil {
		return record, fmt.Errorf("writing record %s: %w", secret.Name, err)
	}
	s.wrote(updated)
	return decode[T, P](updated)
}

func remove[T any, P entity[T]](ctx context.Context, s *Store, record T) error {
	name := P(&record).metadata().Name
	version := P(&record).head().version
	err := s.secrets.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &version}})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		return ErrConflict
	}
	return fmt.Errorf("deleting record %s: %w", name, err)
}
