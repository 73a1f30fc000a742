package packets

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// networksEnv is how many networks TestKilled makes.
const networksEnv = "PACKETS_NETWORKS"

func networks(t *testing.T) int {
	t.Helper()
	text := os.Getenv(networksEnv)
	if text == "" {
		return 100
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s is %q, and has to be a number", networksEnv, text)
	}
	return count
}

// TestKilled makes networks with real links and rules, of which every other one's ADD
// is killed midway, and every fourth one's DEL too. When each has been taken down,
// nothing is left.
func TestKilled(t *testing.T) {
	skipWithoutOverlay(t)
	f := &foundation{t: t}
	node := workerNames[0]
	pod := f.awaitReady(f.startPod(f.makeNamespace(nil), node))
	before, begun := f.left(node), time.Now()
	left := make(chan int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range left {
				f.addAndDel(pod, i)
			}
		})
	}
	count := networks(t)
	for i := range count {
		left <- i
	}
	close(left)
	all.Wait()
	// Pods of tests before this one may still have been ending.
	there := strings.Split(before, "\n")
	more := slices.DeleteFunc(strings.Split(f.left(node), "\n"), func(line string) bool { return slices.Contains(there, line) })
	if len(more) > 0 {
		t.Errorf("there are, beside what there was,\n%s", strings.Join(more, "\n"))
	}
	t.Logf("%d networks took %s", count, time.Since(begun))
}

// addAndDel makes the network of a container of the pod's, and takes it down.
func (f *foundation) addAndDel(pod *corev1.Pod, i int) {
	node, container := overlay.Node(pod.Spec.NodeName), uuid.NewString()
	network := node.NewNamespace("killed-" + container)
	if err := network.Make(); err != nil {
		f.t.Error(err)
		return
	}
	call := func(verb string, kill bool) {
		err := f.plugin(verb, container, network, pod, kill)
		if err != nil && !kill {
			f.t.Errorf("%s of network %d: %v", verb, i, err)
		}
	}
	call("ADD", i%2 == 0)
	if i%4 == 0 {
		call("DEL", true)
	}
	call("DEL", false)
	if err := network.Remove(); err != nil {
		f.t.Error(err)
	}
}

// plugin runs c2c-cni on the pod's node, and may kill it at some moment.
func (f *foundation) plugin(verb, container string, network silk.Namespace, pod *corev1.Pod, kill bool) error {
	command, err := workers[pod.Spec.NodeName].Plugin(verb, container, network, pod)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	command.Stdout = &said
	if err := overlay.Node(pod.Spec.NodeName).Do(command.Start); err != nil {
		return err
	}
	if kill {
		killSometime(command)
	}
	if err := command.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return nil
}

func killSometime(command *exec.Cmd) {
	time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
	_ = command.Process.Kill() // it may have ended
}
