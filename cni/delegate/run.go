package delegate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

const (
	// mostOutput is how much a plugin may print, in bytes: a result has hundreds.
	mostOutput = 1 << 20
	// drain is how long the output of a plugin that has ended is waited for, which
	// what it has left behind may hold open.
	drain = time.Second
	// busyRetry and busyTries are for a plugin that is being written just now.
	busyRetry = 100 * time.Millisecond
	busyTries = 20
)

// Runner runs plugins; it is an invoke.Exec. Keep is handed on to all processes
// that a plugin starts as well, open, so that a lock on it lasts until the last of
// them has ended; nil: nothing is.
type Runner struct {
	version.PluginDecoder
	Keep *os.File
	// Outlives has a plugin go on when this process is killed: for what can't be done
	// again once it was begun.
	Outlives bool
	// Started is told of the process group of each plugin before it can do much.
	Started func(group int)
}

// FindInPath finds a plugin in folders.
func (r *Runner) FindInPath(plugin string, folders []string) (string, error) {
	return invoke.FindInPath(plugin, folders)
}

// ExecPlugin runs a plugin until it ends or ctx does, and then kills its whole
// process group. It dies with this process, too, unless it Outlives it. The error is a
// *types.Error with the plugin's own code where it told one.
func (r *Runner) ExecPlugin(ctx context.Context, path string, stdin []byte, environment []string) ([]byte, error) {
	name := filepath.Base(path)
	for try := 1; ; try++ {
		stdout, err := r.once(ctx, path, stdin, environment)
		if err == nil {
			return stdout, nil
		}
		if !errors.Is(err, errBusy) || try == busyTries {
			return nil, explain(ctx, name, stdout, err)
		}
		select {
		case <-time.After(busyRetry):
		case <-ctx.Done():
			return nil, explain(ctx, name, nil, ctx.Err())
		}
	}
}

func (r *Runner) once(ctx context.Context, path string, stdin []byte, environment []string) ([]byte, error) {
	// The signal at the parent's death is sent when this thread ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tooMuch := func() { cancel(errTooMuch) }
	stdout, stderr := &bounded{most: mostOutput, over: tooMuch}, &bounded{most: mostOutput, over: tooMuch}
	command := exec.CommandContext(ctx, path)
	command.Env, command.Stdin = environment, bytes.NewReader(stdin)
	command.SysProcAttr, command.Cancel, command.WaitDelay = attributes(r.Outlives), func() error { return killGroup(command.Process.Pid) }, drain
	if r.Keep != nil {
		command.ExtraFiles = []*os.File{r.Keep}
	}
	said, err := listen(command, stdout, stderr)
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		said.close()
		return nil, busy(err)
	}
	said.begin()
	if r.Started != nil {
		r.Started(command.Process.Pid)
	}
	err = command.Wait()
	said.end()
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return stdout.text(), cause
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it has ended well, and what it hasn't read is its own business
	}
	if err != nil {
		return stdout.text(), &failure{cause: err, stderr: stderr.text()}
	}
	_, _ = os.Stderr.Write(stderr.text())
	return stdout.text(), nil
}

func killGroup(group int) error { return syscall.Kill(-group, syscall.SIGKILL) }

// Result runs a plugin that answers with a result, and holds it against what one
// is.
func (r *Runner) Result(ctx context.Context, path string, configuration []byte, args invoke.CNIArgs) (types.Result, error) {
	result, err := invoke.ExecPluginWithResult(ctx, path, configuration, args, r)
	var told *types.Error
	if err != nil && !errors.As(err, &told) {
		return nil, fmt.Errorf("the plugin %s printed what isn't a result of CNI: %w", filepath.Base(path), err)
	}
	return result, err
}
