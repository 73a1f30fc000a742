package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// SharedService is a shared service of the cluster, such as its DNS, that a bind
// opens to the app beside the instance.
type SharedService struct {
	// Name is what the credentials call it.
	Name string
	// Namespace and Selector find its pods.
	Namespace string
	Selector  map[string]string
	// Group is the policy group that its pods belong to.
	Group string
	Ports []Port
}

// sharedServiceEntry is a destination as plans.yaml and the broker's setting
// write it.
type sharedServiceEntry struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Selector  map[string]string `json:"selector"`
	Group     string            `json:"group"`
	Ports     []json.RawMessage `json:"ports"`
}

// ParseSharedServices reads a list of destinations in YAML or JSON.
func ParseSharedServices(text []byte) ([]SharedService, error) {
	var entries []sharedServiceEntry
	if err := yaml.UnmarshalStrict(text, &entries); err != nil {
		return nil, fmt.Errorf("must be a list of destinations with name, namespace, selector, group and ports: %s", yamlfile.Words(err))
	}
	return parseSharedServices(entries)
}

func parseSharedServices(entries []sharedServiceEntry) ([]SharedService, error) {
	var all []SharedService
	named := map[string]bool{}
	for n, entry := range entries {
		d, err := parseSharedService(entry)
		if err == nil && named[d.Name] {
			err = fmt.Errorf("the name %q is used twice", d.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("destination %d: %w", n+1, err)
		}
		named[d.Name] = true
		all = append(all, d)
	}
	return all, nil
}

func parseSharedService(e sharedServiceEntry) (SharedService, error) {
	ports, err := parsePorts(e.Ports)
	group, groupErr := uuid.Parse(e.Group)
	switch {
	case e.Name == "":
		return SharedService{}, errors.New("it needs a name, by which the credentials call it")
	case len(validation.IsDNS1123Label(e.Namespace)) > 0:
		return SharedService{}, fmt.Errorf("%s: namespace %q must be that of its pods", e.Name, e.Namespace)
	case len(e.Selector) == 0:
		return SharedService{}, fmt.Errorf("%s: selector must be labels of its pods, such as {k8s-app: kube-dns}", e.Name)
	case groupErr != nil || group.String() != e.Group || strings.ToLower(e.Group) != e.Group:
		return SharedService{}, fmt.Errorf("%s: group %q must be the policy group of its pods, a lower-case UUID", e.Name, e.Group)
	case err != nil:
		return SharedService{}, fmt.Errorf("%s: ports: %w", e.Name, err)
	case len(ports) == 0:
		return SharedService{}, fmt.Errorf(`%s: it needs ports, such as ["53/udp", "53/tcp"]`, e.Name)
	}
	return SharedService{Name: e.Name, Namespace: e.Namespace, Selector: e.Selector, Group: e.Group, Ports: ports}, nil
}
