package enforcer

import (
	"fmt"
	"os/exec"
)

// Missing says why nothing can be enforced on this machine, nil where it can be. What
// nodes need is silk.Missing's.
func Missing() error {
	said, err := exec.Command("unshare", "--net", "iptables", "-w", "-t", "mangle", "-A", "POSTROUTING", "-j", "NFQUEUE", "--queue-num", queue).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the kernel hands no packets to programs (iptables' NFQUEUE): %w: %s", err, said)
	}
	return nil
}
