package faults

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// replica is a broker behind a gate of its own. Whenever its process dies, it
// is started again, as a platform would.
type replica struct {
	gate     *gate
	settings map[string]string
	ended    chan struct{} // closed when it is no longer kept running

	mu     sync.Mutex
	broker *rig.Broker // nil while there is none
	stop   context.CancelFunc
	logs   []string // of processes that have ended
	deaths int
	peak   int64 // the most memory that a process was seen to hold, in bytes
}

// newReplica keeps a broker running until the test ends.
func newReplica(t *testing.T, config *rest.Config, stand *cf.Server, seen *watch, settings map[string]string) *replica {
	t.Helper()
	r := &replica{gate: newGate(t, config, stand, seen), settings: maps.Clone(settings), ended: make(chan struct{})}
	r.gate.strike = r.kill
	r.settings["KUBECONFIG"] = kubeconfig(t, r.gate.kubernetes.URL)
	r.settings["CF_API_ADDRESS"] = r.gate.cloudFoundry.URL
	if r.settings[credHubClient] != "" {
		r.settings["CH_CRED_HUB_URL"] = r.gate.cloudFoundry.URL + "/credhub"
	}
	ctx, cancel := context.WithCancel(context.Background())
	go r.keep(ctx)
	t.Cleanup(func() {
		cancel()
		<-r.ended
		r.report(t)
	})
	return r
}

func kubeconfig(t *testing.T, address string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["gate"] = &clientcmdapi.Cluster{Server: address}
	config.Contexts["gate"] = &clientcmdapi.Context{Cluster: "gate"}
	config.CurrentContext = "gate"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// keep runs one process after the other until ctx ends.
func (r *replica) keep(ctx context.Context) {
	defer close(r.ended)
	for ctx.Err() == nil {
		r.gate.reopen()
		starting, stop := context.WithCancel(ctx)
		r.mu.Lock()
		r.stop = stop
		r.mu.Unlock()
		broker, err := rig.Start(starting, binary, r.settings, nil)
		if err != nil { // it was struck before it was ready
			r.note(err.Error())
			stop()
			continue
		}
		r.mu.Lock()
		r.broker = broker
		r.mu.Unlock()
		select {
		case <-broker.Done():
		case <-starting.Done(): // struck, or the test is over
			_ = broker.Kill()
		}
		stop()
		r.note(broker.Log())
	}
}

func (r *replica) note(log string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broker = nil
	r.deaths++
	r.logs = append(r.logs, log)
}

// kill ends the process at once and returns when it has ended.
func (r *replica) kill() {
	r.mu.Lock()
	broker, stop := r.broker, r.stop
	r.mu.Unlock()
	r.measure()
	if broker != nil {
		_ = broker.Kill()
	}
	stop()
}

// measure notes how much memory the process has held.
func (r *replica) measure() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broker != nil {
		r.peak = max(r.peak, r.broker.PeakMemory())
	}
}

// client is nil while there is no process.
func (r *replica) client() *rig.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broker == nil {
		return nil
	}
	return r.broker.Client()
}

// report shows the logs of a test that has failed, without those lines that
// polling leaves, and fails one in which the race detector spoke.
func (r *replica) report(t *testing.T) {
	t.Helper()
	// With the race detector this says little: the attack tests hold a broker without it to the documented memory.
	t.Logf("at most %d MiB of memory", r.peak>>20)
	for n, log := range r.logs {
		if strings.Contains(log, "DATA RACE") {
			t.Errorf("process %d:\n%s", n, log)
		}
		if t.Failed() && os.Getenv("FAULT_LOGS") != "" {
			t.Logf("process %d:\n%s", n, rig.WithoutPolls(log))
		}
	}
}
