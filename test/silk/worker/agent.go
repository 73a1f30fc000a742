package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
)

// agent is a running c2c-cni.
type agent struct {
	command *exec.Cmd
	done    chan struct{} // closed when it has ended

	mu   sync.Mutex
	said bytes.Buffer
}

// Write takes what it says.
func (a *agent) Write(text []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said.Write(text)
}

func (a *agent) log() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said.String()
}

// startAgent starts the program in a network namespace. It dies with this process.
func startAgent(namespace, program string, flags []string) (*agent, error) {
	a := &agent{done: make(chan struct{}), command: exec.Command("nsenter", append([]string{"--net=" + namespace, program}, flags...)...)}
	a.command.Env = []string{"PATH=" + os.Getenv("PATH")}
	a.command.Stdout, a.command.Stderr, a.command.SysProcAttr = a, a, dieWithParent()
	started := make(chan error)
	go func() {
		// Linux sends the signal at the parent's death when this thread ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := a.command.Start()
		started <- err
		if err == nil {
			_ = a.command.Wait() // it is killed
			close(a.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the agent: %w", err)
	}
	return a, nil
}

func (a *agent) kill() {
	_ = a.command.Process.Kill() // it may have ended
	<-a.done
}
