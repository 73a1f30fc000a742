package tenant

import (
	"context"
	"crypto/md5" //nolint:gosec // Kibosh's names, nothing secret
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Target says where an instance lives in the cluster.
type Target struct {
	Namespace string
	Release   string
	// Instance is the instance's id, which its namespace is marked with; empty where
	// it isn't known, or an operator lives there.
	Instance string
	// Tenant is whose instance it is, by which work takes turns: a space's GUID.
	Tenant string
	// PolicyGroups is the instance's policy group where each workload is to have
	// one of its own (see podgroup.OfWorkload), and empty where all pods are in their
	// namespace's.
	PolicyGroups string
	// PolicyGroup is the instance's policy group in any case, and GroupLabels are
	// labels that its pods get with their group as value: podgroup.Label, where
	// NetworkPolicies tell workloads apart. An instance keeps those that it was made
	// with, since the template of a Job can't be changed.
	PolicyGroup string
	GroupLabels []string
	// ClusterObjects are the cluster-scoped kinds that the chart may make objects
	// of, as "ClusterRole" or "ClusterRole.rbac.authorization.k8s.io": the plan's
	// cluster_objects. They count where Helm acts as the instance.
	ClusterObjects []string
	// Ready says when objects of some kinds are ready: the plan's.
	Ready []chart.Readiness

	// Made is the namespace as EnsureNamespace has just made it: nothing is in it yet
	// but what a namespace begins with. nil: it was there before.
	Made *corev1.Namespace

	// Operator: what lives there is an operator, no tenant's instance.
	Operator bool
	// GrantKinds has instances get the rights to the kinds that the operator's chart
	// defines where it doesn't add them itself.
	GrantKinds bool
	// Foresee is told what is going to be made before any of it is; nil: nobody wants
	// to know. If it fails, nothing is made. Where templates can't be rendered before
	// crds/ is there, it is told of nothing before, and of everything afterwards.
	Foresee func(ctx context.Context, what Foreseen) error
}

// Foreseen is what of a release matters to who reaches whom.
type Foreseen struct {
	// Uses are the API groups of custom kinds that objects are of, and Serves those
	// in which custom kinds are defined.
	Uses, Serves []string
	// Defines are the namespaced resources of the latter.
	Defines []schema.GroupResource
	// Groups are the policy groups of the workloads, hooks included, where these have
	// some of their own.
	Groups []string
}

// TargetOf returns the namespace "<prefix>-<short id>" and the release name of an
// instance. Charts make names of both, that mayn't be longer than 63 characters.
func TargetOf(prefix, instanceID string) Target {
	return Target{Namespace: prefix + "-" + shortID(instanceID), Release: ReleaseName(instanceID), Instance: instanceID}
}

// LongNamespace is "<prefix>-<instance id>": that of an instance whose short name is
// another's.
func LongNamespace(prefix, instanceID string) string { return prefix + "-" + instanceID }

// IsTarget tells whether a release of that name in that namespace is, by both names, an
// instance's: another's prefix may begin with this one.
func IsTarget(prefix, namespace, release string) bool {
	id, has := strings.CutPrefix(namespace, prefix+"-")
	if uuid.Validate(id) == nil {
		return has && ReleaseName(id) == release
	}
	return has && shortIDs.MatchString(id) && releaseNames.MatchString(release)
}

// What shortID and ReleaseName return.
var (
	shortIDs     = regexp.MustCompile(`^[0-9a-f]{8}$`)
	releaseNames = regexp.MustCompile(`^k-[a-z2-7]{8}$`)
)

// shortID is the first 8 characters of an id that is a UUID in lower case, as
// platforms send it, so that people recognise it; of any other, of its SHA-256.
func shortID(instanceID string) string {
	const length = 8
	if id, err := uuid.Parse(instanceID); err == nil && id.String() == instanceID {
		return instanceID[:length]
	}
	sum := sha256.Sum256([]byte(instanceID))
	return hex.EncodeToString(sum[:])[:length]
}

// ReleaseName returns Kibosh's release name: "k-" and the first 8 characters
// of lower-case base32(md5(instance id)). It is short because charts build
// longer names from it.
func ReleaseName(instanceID string) string {
	sum := md5.Sum([]byte(instanceID)) //nolint:gosec // as above
	return "k-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:8]
}
