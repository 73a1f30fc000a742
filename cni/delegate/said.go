package delegate

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// said is what a plugin says, on pipes whose ends for reading it has as well: a
// plugin that outlives its caller would be ended by the first word that nobody can read.
type said struct {
	ours, theirs []*os.File
	into         []io.Writer
	read         sync.WaitGroup
}

// listen has what a command says go to stdout and stderr, from its start on.
func listen(command *exec.Cmd, stdout, stderr io.Writer) (*said, error) {
	s := &said{into: []io.Writer{stdout, stderr}}
	for range s.into {
		ours, theirs, err := os.Pipe()
		if err != nil {
			s.close()
			return nil, fmt.Errorf("making a pipe: %w", err)
		}
		s.ours, s.theirs = append(s.ours, ours), append(s.theirs, theirs)
	}
	command.Stdout, command.Stderr = s.theirs[0], s.theirs[1]
	command.ExtraFiles = append(command.ExtraFiles, s.ours...)
	return s, nil
}

// begin reads, once the command has its ends.
func (s *said) begin() {
	for _, end := range s.theirs {
		_ = end.Close()
	}
	for i, end := range s.ours {
		s.read.Go(func() { _, _ = io.Copy(s.into[i], end) })
	}
}

// end waits until all is read that a command has said which has ended. What it has
// left behind may hold the pipes open, and isn't waited for.
func (s *said) end() {
	done := make(chan struct{})
	go func() {
		s.read.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.close()
	case <-time.After(drain):
	}
}

func (s *said) close() {
	for _, end := range append(s.ours, s.theirs...) {
		_ = end.Close() // some are closed
	}
}
