package bindtemplate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// Evaluator evaluates templates in processes of their own. Its methods may be
// called from any number of goroutines.
type Evaluator struct {
	Workers *sandbox.Workers
	Limits  sandbox.Limits
}

type task struct {
	Template Template        `json:"template"`
	Sees     json.RawMessage `json:"sees"`
}

type answer struct {
	Credentials json.RawMessage `json:"credentials,omitempty"`
	TooLong     *TooLongError   `json:"too_long,omitempty"`
	Error       string          `json:"error,omitempty"`
}

// Evaluate returns the credentials that the template yields. sees is a JSON
// object: what the template calls $.
func (e *Evaluator) Evaluate(ctx context.Context, t Template, sees json.RawMessage) (json.RawMessage, error) {
	var result answer
	err := e.Workers.Do(ctx, HandleName, e.Limits, task{Template: t, Sees: sees}, &result, nil)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, sandbox.ErrTime):
		return nil, fmt.Errorf("%s: the bind template took longer than %s of processor time; does it loop?", t.File, e.Limits.Time)
	case errors.Is(err, sandbox.ErrMemory):
		return nil, fmt.Errorf("%s: the bind template used more than %d MB", t.File, e.Limits.Memory>>20)
	case err != nil:
		return nil, fmt.Errorf("evaluating the bind template in a process of its own: %w", err)
	case result.TooLong != nil:
		return nil, fmt.Errorf("%s: %w", t.File, result.TooLong)
	case result.Error != "":
		return nil, errors.New(result.Error)
	}
	return result.Credentials, nil
}

// HandleName is what Evaluate asks for among a sandbox's handles.
const HandleName = "bind-template"

// Handle evaluates a template in a sandbox.
func Handle(text json.RawMessage, _ sandbox.Question) any {
	var t task
	if err := json.Unmarshal(text, &t); err != nil {
		return answer{Error: err.Error()}
	}
	credentials, err := t.Template.evaluate(t.Sees)
	var tooLong *TooLongError
	if errors.As(err, &tooLong) {
		return answer{TooLong: tooLong}
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Credentials: credentials}
}
