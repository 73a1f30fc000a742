package tenant

import (
	"context"
	"crypto/md5" //nolint:gosec // Kibosh's names, nothing secret
	"encoding/base32"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Target says where an instance lives in the cluster.
type Target struct {
	Namespace string
	Release   string
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

	// Operator: what lives there is an operator, no tenant's instance.
	Operator bool
	// Foresee is told what is going to be made before any of it is; nil: nobody wants
	// to know. If it fails, nothing is made. Where templates can't be rendered before
	// crds/ is there, it is told afterwards.
	Foresee func(ctx context.Context, what Foreseen) error
}

// Foreseen is what of a release matters to who reaches whom.
type Foreseen struct {
	// Uses are the API groups of custom kinds that objects are of, and Serves those
	// in which custom kinds are defined.
	Uses, Serves []string
	// Groups are the policy groups of the workloads, hooks included, where these have
	// some of their own.
	Groups []string
}

// TargetOf returns the namespace "<prefix>-<instance id>" and the release
// name of an instance.
func TargetOf(prefix, instanceID string) Target {
	return Target{Namespace: prefix + "-" + instanceID, Release: ReleaseName(instanceID)}
}

// ReleaseName returns Kibosh's release name: "k-" and the first 8 characters
// of lower-case base32(md5(instance id)). It is short because charts build
// longer names from it.
func ReleaseName(instanceID string) string {
	sum := md5.Sum([]byte(instanceID)) //nolint:gosec // as above
	return "k-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:8]
}
