package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// Credentials that every broker of this package is started with.
const (
	Username = "platform"
	Password = "platform-password"
)

// Broker is a running broker process.
type Broker struct {
	*Process
	url string
}

// Start starts the binary with the given settings, beside PATH and HOME, and
// returns when it is ready. Its log is copied to log, if that isn't nil.
func Start(ctx context.Context, binary string, settings map[string]string, log io.Writer) (*Broker, error) {
	return StartWithin(ctx, nil, binary, settings, log)
}

// StartWithin is Start with a bound on the memory of the broker and of all that
// it starts; nil: none.
func StartWithin(ctx context.Context, memory *Memory, binary string, settings map[string]string, log io.Writer) (*Broker, error) {
	wrapped := memory.wrap(binary)
	command := exec.Command(wrapped[0], wrapped[1:]...)
	command.Env = environment(settings)
	listening := make(chan string, 1)
	command.Stdout = &follower{copy: log, listening: listening}
	process, err := StartProcess(command)
	if err != nil {
		return nil, err
	}
	b := &Broker{Process: process}
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

// follower reads the broker's log.
type follower struct {
	copy      io.Writer // nil: nowhere
	listening chan<- string
	line      []byte // as far as it is there
}

func (f *follower) Write(text []byte) (int, error) {
	if f.copy != nil {
		_, _ = f.copy.Write(text)
	}
	f.line = append(f.line, text...)
	for {
		line, rest, ended := bytes.Cut(f.line, []byte("\n"))
		if !ended {
			return len(text), nil
		}
		f.read(line)
		f.line = rest
	}
}

// read finds the line that says where the broker listens.
func (f *follower) read(text []byte) {
	var line struct {
		Message string `json:"message"`
		Data    struct {
			Address string `json:"address"`
			TLS     bool   `json:"tls"`
		} `json:"data"`
	}
	if json.Unmarshal(text, &line) == nil && line.Message == "cf-helm-broker.listening" {
		scheme := "http://"
		if line.Data.TLS {
			scheme = "https://"
		}
		f.listening <- scheme + line.Data.Address
	}
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
