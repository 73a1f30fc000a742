package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Failure is an operation that failed, and why.
type Failure struct {
	ID      string    `json:"id"`
	Type    Type      `json:"type"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Reason  Reason    `json:"reason"`
	// CorrelationID is what the log's lines carry.
	CorrelationID string `json:"correlation_id,omitempty"`
}

// Gone is an instance that has no record any more, and what failed of it.
// Platforms delete what they couldn't create, and with it the reason.
type Gone struct {
	ID        string    `json:"id"`
	ServiceID string    `json:"service_id"`
	PlanID    string    `json:"plan_id"`
	Chart     Chart     `json:"chart"`
	SpaceGUID string    `json:"space_guid,omitempty"`
	Since     time.Time `json:"since"`
	Failures  []Failure `json:"failures"`
}

// Of an instance the last mostFailures are kept, and the last mostGone instances:
// some 200 kB, of the 1 MiB that a Secret may have.
const (
	mostFailures = 3
	mostGone     = 50
)

// How it looks as a Secret. It has no kind label: nothing watches it. What it
// says isn't secret, but records are all read with the same right.
const (
	goneName = "gone"
	goneType = corev1.SecretType("cf-helm-broker.io/gone")
	goneKey  = "instances"
)

// WithFailure is the instance with its operation, which has failed, noted once.
func (i Instance) WithFailure(ended time.Time) Instance {
	o := i.Operation
	before := slices.DeleteFunc(slices.Clone(i.Failures), func(f Failure) bool { return f.ID == o.ID })
	failures := append(before, Failure{ID: o.ID, Type: o.Type, Started: o.Started, Ended: ended, Reason: o.Description, CorrelationID: o.CorrelationID})
	i.Failures = failures[max(0, len(failures)-mostFailures):]
	return i
}

// NoteGone keeps the failures of an instance whose record is about to be
// deleted. Of one that had none nothing is kept. Doing it again changes nothing.
func (s *Store) NoteGone(ctx context.Context, i Instance) error {
	if len(i.Failures) == 0 {
		return nil
	}
	gone := Gone{ID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID, Chart: i.Chart, SpaceGUID: i.SpaceGUID, Since: time.Now().UTC(), Failures: i.Failures}
	for {
		err := s.addGone(ctx, gone)
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
}

// addGone returns the API server's error if another replica was faster.
func (s *Store) addGone(ctx context.Context, gone Gone) error {
	secret, all, err := s.readGone(ctx)
	if err != nil {
		return err
	}
	all = append(slices.DeleteFunc(all, func(other Gone) bool { return other.ID == gone.ID }), gone)
	text, err := json.Marshal(all[max(0, len(all)-mostGone):])
	if err != nil {
		return fmt.Errorf("encoding what failed of gone instances: %w", err)
	}
	secret.Data = map[string][]byte{goneKey: text}
	if secret.ResourceVersion == "" {
		_, err = s.secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		_, err = s.secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("recording what failed of a gone instance: %w", err)
	}
	return nil
}

// LiveGone returns the instances that are gone and of which something failed,
// the last one last.
func (s *Store) LiveGone(ctx context.Context) ([]Gone, error) {
	_, all, err := s.readGone(ctx)
	return all, err
}

// readGone returns an empty list also of a Secret that somebody has damaged: it
// is begun anew.
func (s *Store) readGone(ctx context.Context) (*corev1.Secret, []Gone, error) {
	secret, err := s.secrets.Get(ctx, goneName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: goneName}, Type: goneType}, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading what failed of gone instances: %w", err)
	}
	var all []Gone
	if json.Unmarshal(secret.Data[goneKey], &all) != nil {
		all = nil
	}
	return secret, all, nil
}
