package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// isolationEntry are the keys of a plan that say what its instances may make,
// use and be, as plans.yaml writes them.
type isolationEntry struct {
	ClusterObjects []string          `json:"cluster_objects"`
	PodSecurity    string            `json:"pod_security"`
	ResourceQuota  map[string]any    `json:"resource_quota"`
	LimitRange     []json.RawMessage `json:"limit_range"`
}

// Isolation is what a plan says of the namespace that an instance lives in, and
// of what its chart may make outside it.
type Isolation struct {
	// ClusterObjects are the cluster-scoped kinds that the chart may make objects
	// of, as "ClusterRole" or "ClusterRole.rbac.authorization.k8s.io".
	ClusterObjects []string
	// PodSecurity is the Pod Security Standard: privileged, baseline or
	// restricted; empty: the broker's.
	PodSecurity string
	// ResourceQuota is what the namespace may use and hold; empty: anything.
	ResourceQuota corev1.ResourceList
	// LimitRange are limits of its pods, containers and claims; empty: none.
	LimitRange []corev1.LimitRangeItem
}

// PodSecurityStandards are Kubernetes' own.
func PodSecurityStandards() []string { return []string{"privileged", "baseline", "restricted"} }

var clusterKind = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$`)

func parseIsolation(e isolationEntry) (Isolation, error) {
	i := Isolation{ClusterObjects: e.ClusterObjects, PodSecurity: e.PodSecurity}
	for _, kind := range e.ClusterObjects {
		if !clusterKind.MatchString(kind) {
			return Isolation{}, fmt.Errorf("cluster_objects: %q must be a kind, such as ClusterRole or ClusterRole.rbac.authorization.k8s.io", kind)
		}
	}
	if e.PodSecurity != "" && !slices.Contains(PodSecurityStandards(), e.PodSecurity) {
		return Isolation{}, fmt.Errorf("pod_security %q must be one of %s", e.PodSecurity, strings.Join(PodSecurityStandards(), ", "))
	}
	var err error
	if i.ResourceQuota, err = parseQuantities(e.ResourceQuota); err != nil {
		return Isolation{}, fmt.Errorf("resource_quota: %w", err)
	}
	for n, text := range e.LimitRange {
		item, err := parseLimit(text)
		if err != nil {
			return Isolation{}, fmt.Errorf("limit_range, entry %d: %w", n+1, err)
		}
		i.LimitRange = append(i.LimitRange, item)
	}
	return i, nil
}

func parseQuantities(entries map[string]any) (corev1.ResourceList, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	list := corev1.ResourceList{}
	for name, value := range entries {
		quantity, err := resource.ParseQuantity(fmt.Sprint(value))
		if err != nil || quantity.Sign() < 0 {
			return nil, fmt.Errorf("%s: %v isn't a quantity such as 10, 500m or 20Gi", name, value)
		}
		list[corev1.ResourceName(name)] = quantity
	}
	return list, nil
}

func parseLimit(text []byte) (corev1.LimitRangeItem, error) {
	var item corev1.LimitRangeItem
	if err := yaml.UnmarshalStrict(text, &item); err != nil {
		return item, fmt.Errorf("it must be an item of a LimitRange, such as {type: Container, default: {memory: 256Mi}}: %s", yamlfile.Words(err))
	}
	types := []corev1.LimitType{corev1.LimitTypeContainer, corev1.LimitTypePod, corev1.LimitTypePersistentVolumeClaim}
	if !slices.Contains(types, item.Type) {
		return item, errors.New("type must be Container, Pod or PersistentVolumeClaim")
	}
	return item, nil
}
