package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// runs tells whether the pod's containers are programs, and not only ports that are served.
func (r *Runner) runs(pod *corev1.Pod) bool {
	for _, c := range pod.Spec.Containers {
		if r.Programs[c.Image] == "" {
			return false
		}
	}
	return true
}

// runAll starts the programs of all containers within the pod's network, until it is stopped.
func (p *pod) runAll(ctx context.Context) error {
	if !p.runner.runs(p.object) {
		return nil
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.programs = stop
	for _, c := range p.object.Spec.Containers {
		if err := p.runOne(running, c); err != nil {
			return fmt.Errorf("running container %s: %w", c.Name, err)
		}
	}
	return nil
}

// runOne has a container's program write its termination message where it finds a file for
// it: that is an argument, since all share this machine's.
func (p *pod) runOne(running context.Context, c corev1.Container) error {
	message := filepath.Join(p.runner.CacheDir, p.container+"-"+c.Name)
	var args []string
	for _, a := range c.Args {
		if a == c.TerminationMessagePath {
			a = message
		}
		args = append(args, a)
	}
	command := exec.CommandContext(running, p.runner.Programs[c.Image], args...)
	command.Env = []string{}
	if err := p.namespace.Do(command.Start); err != nil {
		return err
	}
	p.ending.Go(func() {
		err := command.Wait()
		if running.Err() == nil {
			p.endedAs(c.Name, message, command.ProcessState.ExitCode(), err)
		}
	})
	return nil
}

// endedAs writes the status of a container that has ended by itself.
func (p *pod) endedAs(container, file string, code int, why error) {
	text, _ := os.ReadFile(file) // it may have written none
	now := metav1.Now()
	ended := corev1.ContainerStateTerminated{ExitCode: int32(code), Reason: "Completed", Message: string(text), StartedAt: now, FinishedAt: now}
	if why != nil {
		ended.Reason = "Error"
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.object.UID}, "status": map[string]any{
		"containerStatuses": []any{map[string]any{"name": container, "ready": false, "state": map[string]any{"running": nil, "terminated": ended}}},
	}})
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, _ = p.runner.Kube.CoreV1().Pods(p.object.Namespace).Patch(ctx, p.object.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status") // it may be gone
}
