package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Credentials that every broker of this package is started with.
const (
	Username = "platform"
	Password = "platform-password"
)

// Broker is a running broker process.
type Broker struct {
	command *exec.Cmd
	url     string
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended; read after done

	mu  sync.Mutex
	log []byte
}

// Start starts the binary with the given settings, beside PATH and HOME, and
// returns when it is ready. Its log is copied to log, if that isn't nil.
func Start(ctx context.Context, binary string, settings map[string]string, log io.Writer) (*Broker, error) {
	return StartWithin(ctx, nil, binary, settings, log)
}

// StartWithin is Start with a bound on the memory of the broker and of all that
// it starts; nil: none.
func StartWithin(ctx context.Context, memory *Memory, binary string, settings map[string]string, log io.Writer) (*Broker, error) {
	command := memory.wrap(binary)
	b := &Broker{command: exec.Command(command[0], command[1:]...), done: make(chan struct{})}
	b.command.Env = environment(settings)
	b.command.Stderr = b
	b.command.SysProcAttr = ownGroup()
	output, err := b.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.start(); err != nil {
		return nil, fmt.Errorf("starting the broker: %w", err)
	}
	listening := make(chan string, 1)
	go b.follow(output, log, listening)
	select {
	case b.url = <-listening:
	case <-b.done:
		return nil, fmt.Errorf("the broker ended at its start: %w\n%s", b.err, b.Log())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), b.Kill())
	}
	if err := b.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, b.Kill())
	}
	return b, nil
}

func environment(settings map[string]string) []string {
	all := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	defaults := map[string]string{
		"SECURITY_USER_NAME": Username, "SECURITY_USER_PASSWORD": Password,
		"LISTEN_HOST": "127.0.0.1", "PORT": "0",
	}
	for name, value := range settings {
		defaults[name] = value
	}
	for name, value := range defaults {
		all = append(all, name+"="+value)
	}
	return all
}

// start starts the process from a thread that stays until the process has
// ended: Linux sends the parent-death signal when the starting thread ends.
func (b *Broker) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := b.command.Start()
		started <- err
		if err == nil {
			<-b.done
		}
	}()
	return <-started
}

// follow reads the log until the process ends.
func (b *Broker) follow(output io.Reader, log io.Writer, listening chan<- string) {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		_, _ = b.Write(append(lines.Bytes(), '\n'))
		if log != nil {
			_, _ = log.Write(append(lines.Bytes(), '\n'))
		}
		var line struct {
			Message string `json:"message"`
			Data    struct {
				Address string `json:"address"`
				TLS     bool   `json:"tls"`
			} `json:"data"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "cf-helm-broker.listening" {
			scheme := "http://"
			if line.Data.TLS {
				scheme = "https://"
			}
			listening <- scheme + line.Data.Address
		}
	}
	b.err = b.command.Wait()
	close(b.done)
}

// Write appends to what Log returns.
func (b *Broker) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, text...)
	return len(text), nil
}

// Log is everything that the broker has written so far.
func (b *Broker) Log() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.log)
}

func (b *Broker) awaitReady(ctx context.Context) error {
	client := insecureClient()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the broker to be ready: %w\n%s", ctx.Err(), b.Log())
		case <-b.done:
			return fmt.Errorf("the broker ended at its start: %w\n%s", b.err, b.Log())
		case <-time.After(20 * time.Millisecond): // there is nothing to watch
		}
	}
}

// URL is where the broker listens.
func (b *Broker) URL() string { return b.url }

// Client speaks OSBAPI to the broker, with the right credentials.
func (b *Broker) Client() *Client {
	return &Client{URL: b.url, Username: Username, Password: Password, HTTP: insecureClient()}
}

// Signal sends the broker a signal, as an operator's kill would.
func (b *Broker) Signal(signal os.Signal) error { return b.command.Process.Signal(signal) }

// Stop asks the broker to end and waits until it has. Stopping one that has
// ended returns how it ended.
func (b *Broker) Stop() error {
	return b.end(syscall.SIGTERM)
}

// Kill ends the broker at once, as a crash would.
func (b *Broker) Kill() error {
	var exit *exec.ExitError
	if err := b.end(syscall.SIGKILL); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (b *Broker) end(signal syscall.Signal) error {
	if err := b.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending the broker: %w", err)
	}
	<-b.done
	return b.err
}
