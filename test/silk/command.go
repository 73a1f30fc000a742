package silk

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
)

func run(input, program string, args ...string) error {
	_, err := output(input, program, args...)
	return err
}

// output runs a program and returns what it prints. The error holds its complaint.
func output(input, program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	var said, complaint bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &said, &complaint
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return said.String(), nil
}
