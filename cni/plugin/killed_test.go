package plugin

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// TestKilled: of 1,000 networks half are made by a plugin that is killed midway,
// some with a process of the delegate's own that lives on, and some are taken down by
// one that is killed. When each has been taken down again, nothing is left.
func TestKilled(t *testing.T) {
	n := newNode(t)
	containers := make(chan string)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for container := range containers {
				n.addAndDel(container)
			}
		})
	}
	for i := range 1000 {
		containers <- fmt.Sprintf("c%d", i)
	}
	close(containers)
	all.Wait()
	if left := n.left(); len(left) > 0 {
		t.Errorf("%d things are left: %v", len(left), left[:min(20, len(left))])
	}
}

func (n *node) addAndDel(container string) {
	behaviour := map[string]any{}
	if rand.IntN(4) == 0 {
		behaviour["behave"] = "child"
	}
	n.maybeKilled(n.command("ADD", container, behaviour))
	if rand.IntN(4) == 0 {
		n.maybeKilled(n.command("DEL", container, nil))
	}
	if _, err := n.call("DEL", container, nil); err != nil {
		n.t.Errorf("DEL of %s: %v", container, err)
	}
}

// maybeKilled runs the plugin, and kills every other one at some moment.
func (n *node) maybeKilled(command *exec.Cmd) {
	if err := command.Start(); err != nil {
		n.t.Error(err)
		return
	}
	if rand.IntN(2) == 0 {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		_ = command.Process.Kill()
	}
	_ = command.Wait()
}
