package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runEnv makes the test binary what `make run` starts.
const runEnv = "LOCAL_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runEnv) != "" {
		os.Args = []string{"local", "run"}
		main()
	}
	os.Exit(m.Run())
}

// TestInterrupted has `make run` end within 20 s of Ctrl-C, whatever its broker
// does, and leave neither files nor processes.
func TestInterrupted(t *testing.T) {
	for name, hang := range map[string]func(broker int) error{
		"a broker that listens": func(int) error { return nil },
		"a broker that hangs":   func(broker int) error { return syscall.Kill(broker, syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			temporary := t.TempDir()
			running := startRun(t, temporary)
			brokers := processesOf(t, filepath.Join(temporary, "cf-helm-broker-local-"))
			if len(brokers) != 1 {
				t.Fatalf("the brokers %v run, want one", brokers)
			}
			if err := hang(brokers[0]); err != nil {
				t.Fatal(err)
			}
			asked := time.Now()
			if err := running.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			_ = running.Wait() // a broker that had to be killed is an error
			if took := time.Since(asked); took > 20*time.Second {
				t.Errorf("it ended %s after Ctrl-C", took)
			}
			if left := processesOf(t, temporary); len(left) > 0 {
				t.Errorf("the processes %v are left", left)
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("files are left: %v %v", left, err)
			}
		})
	}
}

// startRun starts `make run` and returns when it is up.
func startRun(t *testing.T, temporary string) *exec.Cmd {
	t.Helper()
	// It asks to end with the thread that started it.
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), runEnv+"=1", "TMPDIR="+temporary, "PORT=0")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "cf-helm-broker is up") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // it mustn't wait for a reader
			return command
		}
	}
	t.Fatalf("it ended before it was up: %v", command.Wait())
	return nil
}

// processesOf are the processes whose program lies in a folder of that name, or
// that have it among their arguments.
func processesOf(t *testing.T, folder string) (found []int) {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(commands) == 0 {
		t.Skip("this system doesn't list its processes in /proc")
	}
	for _, path := range commands {
		command, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(command), folder) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pid)
	}
	return found
}
