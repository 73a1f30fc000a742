package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
)

// process works on one task after the other. It ends when its input is closed,
// and so doesn't outlive this process; and when a task uses more than it may.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *json.Decoder
}

// request is what the process reads. It goes through a pipe: it holds secrets,
// and arguments and environments can be read by others.
type request struct {
	Handle string          `json:"handle"`
	Limits Limits          `json:"limits"`
	Task   json.RawMessage `json:"task"`
}

// message is what it writes: questions, then the answer.
type message struct {
	Question json.RawMessage `json:"question,omitempty"`
	Answer   json.RawMessage `json:"answer,omitempty"`
}

func (w *Workers) start() (*process, error) {
	p := &process{command: exec.Command(w.Command[0], w.Command[1:]...)} //nolint:gosec // this very program
	p.command.Env = []string{}
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.output = json.NewDecoder(output)
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	return p, p.command.Start()
}

// work hands over the request and waits for the answer. After an error the
// process has ended, and the error says how.
func (p *process) work(ctx context.Context, r request, answer any, ask Ask) error {
	stop := context.AfterFunc(ctx, func() { _ = p.command.Process.Kill() })
	defer stop()
	err := p.converse(ctx, r, answer, ask)
	if err == nil && stop() {
		return nil
	}
	// If it still runs, it can't be told what it does.
	_ = p.command.Process.Kill()
	if ended := p.end(); err == nil || errors.Is(err, errBroken) {
		return errors.Join(ended, ctx.Err(), err)
	}
	return err
}

func (p *process) converse(ctx context.Context, r request, answer any, ask Ask) error {
	write := json.NewEncoder(p.input)
	if err := write.Encode(r); err != nil {
		return errBroken
	}
	for {
		var m message
		if err := p.output.Decode(&m); err != nil {
			return errBroken
		}
		if m.Question == nil {
			return json.Unmarshal(m.Answer, answer)
		}
		if ask == nil {
			return errors.New("it asked, and nobody answers")
		}
		reply, err := ask(ctx, m.Question)
		if err != nil {
			return err
		}
		if err := write.Encode(reply); err != nil {
			return errBroken
		}
	}
}

// end closes the process's input and waits until it has ended.
func (p *process) end() error {
	_ = p.input.Close()
	return p.command.Wait()
}

// errBroken says that a process ended in the middle of a task; its exit status
// says why.
var errBroken = errors.New("its process has ended")
