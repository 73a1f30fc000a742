package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Command is the argument of `broker check` by which a pod's container is a probe.
const Command = "probe"

// ErrUsage says that the arguments are none that the broker gives its probes.
var ErrUsage = errors.New("the probe's arguments are for the pods of check --network")

// ListenArgs are the program's arguments for a container that listens.
func ListenArgs(address, word string) []string {
	return []string{"check", Command, "listen", address, word}
}

// Args are the program's arguments for a container that dials, and writes its report into a
// file: that of its termination message, which whoever sees the pod can read.
func (d Dialler) Args(file string) []string {
	return []string{"check", Command, "dial", d.Address, d.Word, string(d.Until), d.Patience.String(), file}
}

// Run does what the arguments after Command say.
func Run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 3 && args[0] == "listen":
		return Listen(ctx, args[1], args[2])
	case len(args) == 6 && args[0] == "dial":
		patience, err := time.ParseDuration(args[4])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUsage, err)
		}
		return Dialler{Address: args[1], Word: args[2], Until: Until(args[3]), Patience: patience}.Dial(ctx).write(args[5])
	}
	return ErrUsage
}

func (r Report) write(file string) error {
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("telling what came of it: %w", err)
	}
	return nil
}

// Read is the report that a container has told.
func Read(message string) (r Report, err error) {
	if err := json.Unmarshal([]byte(message), &r); err != nil {
		return r, fmt.Errorf("its report is %.100q: %w", message, err)
	}
	return r, nil
}
