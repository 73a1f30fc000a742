package rig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Process is a program that was started, in a group of its own. On Linux it dies with
// the process that has started it.
type Process struct {
	command *exec.Cmd
	said    said
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended; read after done
}

// StartProcess starts the command. What it writes goes to what Log returns, and to where
// the command says besides.
func StartProcess(command *exec.Cmd) (*Process, error) {
	p := &Process{command: command, done: make(chan struct{})}
	command.Stdout, command.Stderr = p.said.and(command.Stdout), p.said.and(command.Stderr)
	command.SysProcAttr = ownGroup()
	started := make(chan error)
	go func() {
		// Linux sends the signal at the parent's death when this thread ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			p.err = command.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	return p, nil
}

// said is what a process has written so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *said) and(other io.Writer) io.Writer {
	if other == nil {
		return s
	}
	return io.MultiWriter(s, other)
}

// Log is everything that the process has written so far.
func (p *Process) Log() string {
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	return p.said.text.String()
}

// PID is the id of the process.
func (p *Process) PID() int { return p.command.Process.Pid }

// Done is closed when the process has ended, for whatever reason. Wait then says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until the process has ended, and returns how: nil with status 0.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Signal sends the process a signal, as an operator's kill would.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Stop asks the process to end and waits until it has. Stopping one that has
// ended returns how it ended.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

// Kill ends the process at once, as a crash would.
func (p *Process) Kill() error {
	var exit *exec.ExitError
	if err := p.end(syscall.SIGKILL); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (p *Process) end(signal syscall.Signal) error {
	if err := p.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending %s: %w", p.command.Path, err)
	}
	return p.Wait()
}
