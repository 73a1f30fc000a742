package attachment

import (
	"cmp"
	"os"
	"strings"
)

// Standing are the records of networks that are made, in this boot of the node, and
// aren't being taken down.
func (s Store) Standing() ([]Record, error) {
	all, err := s.All()
	var standing []Record
	for _, r := range all {
		if len(r.Addresses) > 0 && r.Boot == thisBoot() {
			standing = append(standing, r)
		}
	}
	return standing, err
}

// Pod is the pod's namespace and name; the container's where the runtime gave none.
func (r Record) Pod() string {
	var namespace, name string
	for part := range strings.SplitSeq(r.Args, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "K8S_POD_NAMESPACE":
			namespace = value
		case "K8S_POD_NAME":
			name = value
		}
	}
	if name == "" {
		return cmp.Or(r.ID.Container, "?")
	}
	return namespace + "/" + name
}

// thisBoot is another after each start of the node; "": it can't be told.
func thisBoot() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "" // all are taken to be of one boot
	}
	return strings.TrimSpace(string(text))
}
