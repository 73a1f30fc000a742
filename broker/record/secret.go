package record

import (
	"bytes"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Format is the newest version of the records' JSON that this broker reads. It refuses
// records of a newer one instead of misreading them, as those from before do.
const Format = kept

const (
	plain = 1
	// seeded are instances with a seed, which a broker from before would drop, and maybe in
	// a namespace of a short name, which it would take for somebody else's.
	seeded = 2
	// kept are bindings with credentials in CredHub, which a broker from before would leave
	// there.
	kept = 3
)

// SecretType is that of a record's Secret. confine.yaml lets the broker write it.
const SecretType = corev1.SecretType("cf-helm-broker.io/record")

// How a record looks as a Secret. Ids are those that broker has let in: short
// enough for a namespace's name, and so for a label.
const (
	recordKey          = "record"
	kindLabel          = "cf-helm-broker.io/record"
	instanceLabel      = "cf-helm-broker.io/instance-id"
	operatorLabel      = "cf-helm-broker.io/operator" // "true" on the access of one
	instanceKind       = "instance"
	bindingKind        = "binding"
	instanceAnnotation = "cf-helm-broker.io/instance-id"
	bindingAnnotation  = "cf-helm-broker.io/binding-id"
)

// header is what every record begins with.
type header struct {
	Format int `json:"format"`
	// version is the resourceVersion that was read; it guards the next write.
	version string
}

func (h *header) head() *header { return h }

// entity is a pointer to a record of type T.
type entity[T any] interface {
	*T
	head() *header
	// format is the oldest that has all of the record.
	format() int
	// metadata names and labels the record's Secret.
	metadata() metav1.ObjectMeta
}

func (i *Instance) format() int {
	if i.Seed == "" {
		return plain
	}
	return seeded
}

func (b *Binding) format() int {
	if b.CredHub == nil {
		return plain
	}
	return kept
}

func (i *Instance) metadata() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:        instanceName(i.ID),
		Labels:      map[string]string{kindLabel: instanceKind},
		Annotations: map[string]string{instanceAnnotation: i.ID},
	}
}

func (b *Binding) metadata() metav1.ObjectMeta {
	labels := map[string]string{kindLabel: bindingKind, instanceLabel: b.InstanceID}
	if b.Operator != nil {
		labels[operatorLabel] = "true"
	}
	return metav1.ObjectMeta{
		Name:        bindingName(b.InstanceID, b.ID),
		Labels:      labels,
		Annotations: map[string]string{instanceAnnotation: b.InstanceID, bindingAnnotation: b.ID},
	}
}

// Ids hold no dots, so that the names of different records can't be equal.
func instanceName(id string) string            { return "instance." + id }
func bindingName(instanceID, id string) string { return "binding." + instanceID + "." + id }

func encode[T any, P entity[T]](record P) (*corev1.Secret, error) {
	record.head().Format = record.format()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Escaping would make one "<" of a user's six bytes of the Secret's 1 MiB.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	metadata := record.metadata()
	metadata.ResourceVersion = record.head().version
	return &corev1.Secret{ObjectMeta: metadata, Type: SecretType, Data: map[string][]byte{recordKey: text.Bytes()}}, nil
}

func decode[T any, P entity[T]](secret *corev1.Secret) (T, error) {
	var record T
	if err := json.Unmarshal(secret.Data[recordKey], &record); err != nil {
		// The decoder's own words may quote the record, which holds secrets.
		return record, &DamagedError{Secret: secret.Name, Reason: "is damaged: it isn't the JSON that the broker writes"}
	}
	head := P(&record).head()
	if head.Format < plain || head.Format > Format {
		return record, &DamagedError{Secret: secret.Name, Reason: fmt.Sprintf("has format %d, this broker reads format %d at most", head.Format, Format)}
	}
	head.version = secret.ResourceVersion
	return record, nil
}
