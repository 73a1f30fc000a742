package kubelet

import (
	"os"
	"path/filepath"
)

// removeCgroups removes what containers leave where they were killed with their
// runtime: cgroups below k8s.io, containerd's name for a kubelet's. The kernel keeps
// those with processes.
func removeCgroups() {
	for _, pattern := range []string{"/sys/fs/cgroup/*/k8s.io", "/sys/fs/cgroup/k8s.io"} {
		parents, _ := filepath.Glob(pattern) // the patterns are well formed
		for _, parent := range parents {
			containers, _ := os.ReadDir(parent) // it may be gone
			for _, container := range containers {
				if container.IsDir() {
					_ = os.Remove(filepath.Join(parent, container.Name())) // others' have processes
				}
			}
			_ = os.Remove(parent) // there may be others'
		}
	}
}
