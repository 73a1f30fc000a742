package bindtemplate

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
)

// child is a process that evaluates one template after the other. It ends when
// its input is closed, and so doesn't outlive this process; and when a template
// uses more than it may.
type child struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *json.Decoder
}

func (e *Evaluator) start() (*child, error) {
	c := &child{command: exec.Command(e.Command[0], e.Command[1:]...)} //nolint:gosec // this very program
	c.command.Env = []string{}
	output, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.output = json.NewDecoder(output)
	if c.input, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// run has a child work on the request until it is done or ctx ends.
func (e *Evaluator) run(ctx context.Context, r request) (answer, error) {
	if idle := e.idle.Swap(nil); idle != nil {
		if result, err := idle.work(ctx, r); err == nil || ctx.Err() != nil || !killed(err) {
			e.keep(idle, err)
			return result, err
		}
	}
	fresh, err := e.start()
	if err != nil {
		return answer{}, err
	}
	result, err := fresh.work(ctx, r)
	e.keep(fresh, err)
	return result, err
}

// keep has a child that is well wait for the next evaluation: most of an
// evaluation is the start of its process.
func (e *Evaluator) keep(c *child, err error) {
	if err != nil {
		return // it has ended
	}
	if !e.Keep || !e.idle.CompareAndSwap(nil, c) {
		_ = c.end()
	}
}

// work hands over the request and waits for the answer. After an error the
// child has ended, and the error says how.
func (c *child) work(ctx context.Context, r request) (answer, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.command.Process.Kill() })
	defer stop()
	var result answer
	wrote := json.NewEncoder(c.input).Encode(r)
	read := c.output.Decode(&result)
	if wrote == nil && read == nil && stop() {
		return result, nil
	}
	// If it still runs, it can't be told what it does.
	_ = c.command.Process.Kill()
	return answer{}, errors.Join(c.end(), ctx.Err(), unless(wrote, io.ErrClosedPipe), unless(read, io.EOF))
}

// end closes the child's input and waits until it has ended.
func (c *child) end() error {
	_ = c.input.Close()
	return c.command.Wait()
}

// unless drops an error that says nothing new.
func unless(err, dull error) error {
	if errors.Is(err, dull) {
		return nil
	}
	return err
}

// killed tells whether the child was ended from outside: while it waited, maybe.
func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}
