package nodefacts

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	// mostOutput bounds what a command prints, in bytes: 80,000 rules have 12 MB.
	mostOutput = 64 << 20
	// mostLine bounds a line of it.
	mostLine = 1 << 20
	// mostComplaint is how much of what a command complains of is told.
	mostComplaint = 300
)

// run has each line that a command prints be taken. After an error it may have been
// some of them.
func run(ctx context.Context, command string, take func(line string)) error {
	words := strings.Fields(command)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, complaint := &lines{take: take}, &beginning{}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the operator's settings name it
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, complaint, time.Second
	err := cmd.Run()
	if out.refused != nil {
		err = out.refused // not what the command made of that
	}
	if err != nil {
		return fmt.Errorf("%s: %w %s", command, err, strings.TrimSpace(strings.ToValidUTF8(string(complaint.text), "")))
	}
	out.end()
	return nil
}

// lines takes what is written line by line, so much and no more.
type lines struct {
	take  func(line string)
	begun []byte // of a line whose end is to come
	taken int

	refused error // why no more is taken
}

func (l *lines) Write(text []byte) (int, error) {
	if l.taken += len(text); l.taken > mostOutput {
		return 0, l.refuse("it prints more than %d bytes", mostOutput)
	}
	for rest := text; ; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		l.begun = append(l.begun, line...)
		if len(l.begun) > mostLine {
			return 0, l.refuse("it prints a line of more than %d bytes", mostLine)
		}
		if !ended {
			return len(text), nil
		}
		l.end()
		rest = after
	}
}

func (l *lines) refuse(words string, most int) error {
	l.refused = fmt.Errorf(words, most)
	return l.refused
}

// end ends a line, if one has begun.
func (l *lines) end() {
	if len(l.begun) > 0 {
		l.take(string(l.begun))
		l.begun = l.begun[:0]
	}
}

// beginning keeps the first of what is written.
type beginning struct{ text []byte }

func (b *beginning) Write(text []byte) (int, error) {
	b.text = append(b.text, text[:min(len(text), mostComplaint-len(b.text))]...)
	return len(text), nil
}
