package silk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Missing says why there can be no overlay on this machine, nil where there can be.
func Missing() error {
	if runtime.GOOS != "linux" {
		return errors.New("network namespaces are Linux's")
	}
	if os.Geteuid() != 0 {
		return errors.New("network namespaces want root")
	}
	var missing []string
	for program, debian := range map[string]string{"ip": "iproute2", "nsenter": "util-linux", "iptables": "iptables", "iptables-restore": "iptables"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, fmt.Sprintf("%s (Debian's package %s)", program, debian))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not installed: %s", strings.Join(missing, ", "))
	}
	return try()
}

// try makes what an overlay is made of, as far as kernels differ.
func try() (err error) {
	name, err := newOwner()
	if err != nil {
		return err
	}
	n := Namespace(name + ".try")
	defer func() { err = errors.Join(err, n.Remove()) }()
	if err := n.Make(); err != nil {
		return err
	}
	if err := n.ip("link add v type vxlan id 1 dstport 4789 gbp local 127.0.0.1 nolearning"); err != nil {
		return fmt.Errorf("the kernel has no VXLAN with group policies: %w", err)
	}
	return n.restore("*filter\n-A FORWARD -m mark --mark 1 -m comment --comment c -m conntrack --ctstate NEW -j REJECT\n-A FORWARD -j MARK --set-mark 1\nCOMMIT\n")
}
