package history

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Kept is how many revisions of a release are kept: the running one, the one to go
// back to, and some of an update that is begun again after crashes.
const Kept = 6

// What is unpacked of a release's records. A Secret holds 1 MiB, which may be a
// thousand times that when it is unpacked, and its values a dozen times more
// when they are decoded. Those of large charts have some MB and some thousand values.
const (
	longestRecord  = 16 << 20 // bytes of one
	longestRecords = 32 << 20 // bytes of all that Helm gets to see at once
	mostValues     = 200_000  // JSON values of one
	mostRecords    = 4 * Kept
)

// In keeps the records of the target's release, as Helm does.
func In(clients kubernetes.Interface, target tenant.Target) *storage.Storage {
	secrets := driver.NewSecrets(&releaseSecrets{SecretInterface: clients.CoreV1().Secrets(target.Namespace), target: target, read: target.Made != nil})
	secrets.Log = func(string, ...any) {}
	return storage.Init(slimRecords{secrets})
}

// slimRecords leave a chart's files out of a release's record, which a Secret
// has to hold: the manifest is there, and the broker keeps the chart itself.
type slimRecords struct{ *driver.Secrets }

// Create writes a new record.
func (s slimRecords) Create(key string, r *release.Release) error {
	return s.Secrets.Create(key, slim(r))
}

// Update writes a record again.
func (s slimRecords) Update(key string, r *release.Release) error {
	return s.Secrets.Update(key, slim(r))
}

func slim(r *release.Release) *release.Release {
	copied := *r
	if r.Chart != nil {
		copied.Chart = &helmchart.Chart{Metadata: r.Chart.Metadata, Values: r.Chart.Values}
	}
	return &copied
}

// admitted are the records that can be used, the newest first. Of those that are
// named as the release's the newest are unpacked, one at a time, and as many are
// admitted as may be held unpacked.
func admitted(secrets []corev1.Secret, target tenant.Target) []corev1.Secret {
	secrets = slices.DeleteFunc(secrets, func(s corev1.Secret) bool { return revisionOf(s.Name, target) == 0 })
	slices.SortFunc(secrets, func(a, b corev1.Secret) int {
		return cmp.Compare(revisionOf(b.Name, target), revisionOf(a.Name, target))
	})
	left := longestRecords
	var usable []corev1.Secret
	for _, secret := range secrets[:min(len(secrets), mostRecords)] {
		text, err := unpack(secret.Data["release"])
		if err != nil || !isRecord(text, secret.Name, target) {
			continue
		}
		if left -= len(text); left < 0 {
			break
		}
		usable = append(usable, secret)
	}
	return usable
}

// Newest is the newest of the records that can be used; nil: there is none.
func Newest(secrets []corev1.Secret, target tenant.Target) *release.Release {
	usable := admitted(secrets, target)
	if len(usable) == 0 {
		return nil
	}
	newest, _ := recordOf(&usable[0], target)
	return newest
}

// revisionOf is the revision that a record of the target's release is named as;
// 0: it isn't named as one.
func revisionOf(name string, target tenant.Target) int {
	digits, own := strings.CutPrefix(name, fmt.Sprintf("%s.%s.v", storage.HelmStorageType, target.Release))
	revision, err := strconv.Atoi(digits)
	if !own || err != nil || strconv.Itoa(revision) != digits {
		return 0
	}
	return max(revision, 0)
}

// recordOf reads a record. It is usable if Helm can work with it and it is the
// target's.
func recordOf(secret *corev1.Secret, target tenant.Target) (r *release.Release, usable bool) {
	text, err := unpack(secret.Data["release"])
	if err != nil {
		return nil, false
	}
	return decodedRecord(text, secret.Name, target)
}

func isRecord(text []byte, name string, target tenant.Target) bool {
	_, is := decodedRecord(text, name, target)
	return is
}

func decodedRecord(text []byte, name string, target tenant.Target) (r *release.Release, usable bool) {
	r = new(release.Release)
	if countValues(text) > mostValues || json.Unmarshal(text, r) != nil {
		return nil, false
	}
	return r, r.Info != nil && r.Chart != nil && r.Chart.Metadata != nil && !slices.Contains(r.Hooks, nil) &&
		r.Name == target.Release && r.Namespace == target.Namespace && r.Version > 0 && r.Version == revisionOf(name, target)
}

func unpack(encoded []byte) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(string(encoded))
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(unpacked, longestRecord+1))
	if err != nil {
		return nil, err
	}
	if len(text) > longestRecord {
		return nil, errors.New("the record is too long")
	}
	return text, nil
}

// countValues bounds a JSON text's values without decoding it: each list and
// object opens once, and each further element follows a comma. Brackets and
// commas in strings don't count.
func countValues(text []byte) int {
	count, inString := 1, false
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			inString = !inString
		case '\\':
			at++ // only strings have them
		case '[', '{', ',':
			if !inString {
				count++
			}
		}
	}
	return count
}
