package cluster_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

func TestStartRefusesWhatItCannotDo(t *testing.T) {
	used := t.TempDir()
	precious := filepath.Join(used, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options cluster.Options
		says    string
	}{
		"no network":       {cluster.Options{PodCIDR: "10.0.0.0"}, "PodCIDR"},
		"IPv6":             {cluster.Options{PodCIDR: "fd00::/64"}, "PodCIDR"},
		"nodes below zero": {cluster.Options{Nodes: -1}, "nodes"},
		"folder in use":    {cluster.Options{Dir: used}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := cluster.Start(t.Context(), test.options)
			if err == nil {
				_ = c.Stop()
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error about %q", err, test.says)
			}
		})
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("a folder in use lost its files: %v", err)
	}
}

func TestTwoClustersAtOnceLeaveNothing(t *testing.T) {
	var group sync.WaitGroup
	hosts, dirs := make([]string, 2), make([]string, 2)
	for i := range hosts {
		dirs[i] = filepath.Join(t.TempDir(), "cluster")
		group.Go(func() {
			c, err := cluster.Start(t.Context(), cluster.Options{Nodes: i + 1, Dir: dirs[i]})
			if err != nil {
				t.Error(err)
				return
			}
			hosts[i] = c.RESTConfig().Host
			if nodes := countNodes(t, c); nodes != i+1 {
				t.Errorf("%d nodes, want %d", nodes, i+1)
			}
			for range 2 {
				if err := c.Stop(); err != nil {
					t.Error(err)
				}
			}
			if err := c.StartAPIServer(t.Context()); err == nil {
				t.Error("the API server of a stopped cluster has started")
			}
		})
	}
	group.Wait()
	if hosts[0] == hosts[1] {
		t.Errorf("both clusters at %s", hosts[0])
	}
	for _, dir := range dirs {
		if left := processesOf(t, dir); len(left) > 0 {
			t.Errorf("processes left: %v", left)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
	}
}

// countNodes may be called outside the test's own goroutine.
func countNodes(t *testing.T, c *cluster.Cluster) int {
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Error(err)
		return 0
	}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Error(err)
		return 0
	}
	return len(nodes.Items)
}

// orphanEnv makes the test binary start a cluster and wait to be killed; its value is the folder for temporary files.
const orphanEnv = "CLUSTER_TEST_ORPHAN"

func TestNothingOutlivesAKilledProcess(t *testing.T) {
	tmp := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphanEnv+"="+tmp)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Errorf("the process didn't start its cluster: %v", err)
	}
	dir := filepath.Dir(strings.TrimSpace(kubeconfig))
	if running := processesOf(t, dir); len(running) != 5 {
		t.Errorf("%v run, want 5 processes", running)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "end of its processes", func(context.Context) (bool, error) {
		left := processesOf(t, dir)
		return len(left) == 0, fmt.Errorf("%v left", left)
	})

	t.Setenv("TMPDIR", tmp)
	next, err := cluster.Start(t.Context(), cluster.Options{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the next start has left %s: %v", dir, err)
	}
	if err := next.Stop(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("%v left in the folder for temporary files: %v", left, err)
	}
}

func runUntilKilled(tmp string) {
	_ = os.Setenv("TMPDIR", tmp)
	c, err := cluster.Start(context.Background(), cluster.Options{Nodes: 1})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Kubeconfig())
	select {}
}

// processesOf lists the processes that work in dir or have it in their arguments.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(commands) == 0 {
		t.Skip("this system doesn't list its processes in /proc")
	}
	var found []string
	for _, path := range commands {
		command, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(command), dir) {
			program, _, _ := strings.Cut(string(command), "\x00")
			found = append(found, filepath.Base(program))
		}
	}
	return found
}
