package bindtemplate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
)

// child is a process that evaluates one template. It waits for its input, and
// ends when that is closed: so it doesn't outlive this process.
type child struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  bytes.Buffer
}

func (e *Evaluator) start() (*child, error) {
	c := &child{command: exec.Command(e.Command[0], e.Command[1:]...)} //nolint:gosec // this very program
	c.command.Env = []string{}
	c.command.Stdout = &c.output
	var err error
	if c.input, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// run has a child work on the input until it or ctx ends, and sees to the next
// child.
func (e *Evaluator) run(ctx context.Context, input []byte) ([]byte, error) {
	if e.Warm {
		defer func() { go e.prepare() }()
	}
	if spare := e.spare.Swap(nil); spare != nil {
		if output, err := spare.work(ctx, input); ctx.Err() != nil || !killed(err) {
			return output, err
		}
	}
	fresh, err := e.start()
	if err != nil {
		return nil, err
	}
	return fresh.work(ctx, input)
}

// prepare starts the child for the next evaluation, unless another has.
func (e *Evaluator) prepare() {
	next, err := e.start()
	if err != nil {
		return // the next evaluation starts one itself, and tells
	}
	if !e.spare.CompareAndSwap(nil, next) {
		_, _ = next.work(context.Background(), nil) // without input it ends
	}
}

// work hands over the input and waits for the child's end.
func (c *child) work(ctx context.Context, input []byte) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.command.Process.Kill() })
	defer stop()
	_, _ = c.input.Write(input) // a child that is gone tells by its end
	_ = c.input.Close()
	err := c.command.Wait()
	return c.output.Bytes(), err
}

// killed tells whether the child was ended from outside: while it waited, maybe.
func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}
