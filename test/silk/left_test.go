package silk_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

const killedEnv = "SILK_TEST_KILLED"

// runUntilKilled is another process with an overlay.
func runUntilKilled() {
	o, err := silk.Start(context.Background(), silk.Options{Nodes: []string{"cell", "worker"}, PollInterval: manual})
	if err == nil {
		_, err = o.Node("cell").RunApp("app", "")
	}
	fmt.Println("started", err)
	time.Sleep(time.Minute)
	os.Exit(1)
}

// leftOf are names of a process's namespaces and folders.
func leftOf(t *testing.T, pid int) (all []string) {
	t.Helper()
	for _, folder := range []string{"/run/netns", os.TempDir()} {
		found, err := filepath.Glob(filepath.Join(folder, fmt.Sprintf("silk-test.%d-*", pid)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// TestSweep: what a killed process has left is gone with the next start, and what runs
// is left alone.
func TestSweep(t *testing.T) {
	f := shared(t)
	app := f.run("cell")
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), killedEnv+"=1")
	said, err := command.StdoutPipe()
	f.must(err)
	f.must(command.Start())
	lines := bufio.NewScanner(said)
	if !lines.Scan() || lines.Text() != "started <nil>" {
		t.Fatalf("the other process said %q", lines.Text())
	}
	f.must(command.Process.Kill())
	_ = command.Wait() // killed
	if len(leftOf(t, command.Process.Pid)) < 4 {
		t.Fatalf("left are %v", leftOf(t, command.Process.Pid))
	}
	o, err := silk.Start(t.Context(), silk.Options{Nodes: []string{"cell"}, PollInterval: manual})
	f.must(err)
	f.must(o.Close())
	if left := leftOf(t, command.Process.Pid); len(left) > 0 {
		t.Errorf("still left are %v", left)
	}
	f.denied(app, f.run("worker"))
}

func TestCloseLeavesNothing(t *testing.T) {
	skipWithoutOverlay(t)
	t.Parallel()
	before := leftOf(t, os.Getpid())
	o, err := silk.Start(t.Context(), silk.Options{Nodes: []string{"cell"}, PollInterval: manual})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Node("cell").RunApp("app", ""); err != nil {
		t.Fatal(err)
	}
	owner := strings.TrimSuffix(string(o.Node("cell").Namespace), ".cell")
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range leftOf(t, os.Getpid()) {
		if strings.Contains(name, owner+".") {
			t.Errorf("%s is left, of %v", name, before)
		}
	}
}

// TestKilledPlugin has the plugin killed at moments of its work: a DEL takes down what
// there is.
func TestKilledPlugin(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"worker"}, PollInterval: manual})
	node := f.overlay.Node("worker")
	before, err := node.Rules()
	f.must(err)
	for i := range 40 {
		f.must(node.KillDuringAdd(uuid.NewString(), time.Duration(i)*time.Millisecond))
	}
	after, err := node.Rules()
	f.must(err)
	links, err := node.Links()
	f.must(err)
	containers, err := node.Containers()
	f.must(err)
	if after != before || len(containers) != 0 || strings.Contains(links, "s-") {
		t.Errorf("left are rules\n%s\nlinks\n%s\nand %v", after, links, containers)
	}
}
