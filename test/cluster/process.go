package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// launcher starts processes that die with this one, however this one ends. Linux sends the parent-death signal when the
// thread that started the child ends, so one thread starts them all and stays until close.
type launcher struct{ jobs chan func() }

func newLauncher() *launcher {
	l := &launcher{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range l.jobs {
			job()
		}
	}()
	return l
}

// close lets the thread go. Every process must have ended before.
func (l *launcher) close() { close(l.jobs) }

// process is one running component.
type process struct {
	name    string
	cmd     *exec.Cmd
	logFile string
	done    chan struct{} // closed when the process has ended
	err     error         // why it ended; to be read after done
}

// start runs a program whose output goes to the end of logFile.
func (l *launcher) start(program, logFile, workDir string, args ...string) (*process, error) {
	name := filepath.Base(program)
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, workDir
	// The components find no settings of the user's (kubeconfigs, kwok's own configuration), only their flags.
	cmd.Env = []string{"HOME=" + workDir, "TMPDIR=" + workDir, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	l.jobs <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, logFile: logFile, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// kill ends the process and waits until it is gone. Nothing it holds is worth a graceful end.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// failure describes a process that ended by itself, with the last it said.
func (p *process) failure() error {
	said, err := os.ReadFile(p.logFile)
	if err != nil {
		return fmt.Errorf("%s ended (%w) and its log can't be read: %w", p.name, p.err, err)
	}
	return fmt.Errorf("%s ended (%w): %s", p.name, p.err, lastLines(string(said), 5))
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// ended says whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
