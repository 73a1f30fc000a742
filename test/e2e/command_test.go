package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// command runs the broker's program with arguments and settings, and no others. It fails
// unless that ends with the exit status and prints no password.
func (f *foundation) command(exit int, settings map[string]string, args ...string) (stdout, stderr string) {
	f.t.Helper()
	var out, errs bytes.Buffer
	command := exec.CommandContext(f.t.Context(), f.binary, args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range settings {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = &out, &errs
	var ended *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &ended) {
		f.t.Fatal(err)
	}
	told := "$ broker " + strings.Join(args, " ") + "\n" + out.String() + errs.String()
	f.t.Log(told)
	if got := command.ProcessState.ExitCode(); got != exit {
		f.t.Fatalf("exit status %d, want %d\n%s", got, exit, told)
	}
	if secret := settings["CF_CLIENT_SECRET"]; strings.Contains(told, rig.Password) || secret != "" && strings.Contains(told, secret) {
		f.t.Errorf("a secret is printed:\n%s", told)
	}
	return out.String(), errs.String()
}
