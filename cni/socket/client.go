package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Client asks the agent that listens at Path.
type Client struct{ Path string }

// absentError says that no agent answers, and where one was looked for.
type absentError struct {
	Path  string
	Cause error
}

func (e *absentError) Error() string {
	switch {
	case errors.Is(e.Cause, fs.ErrNotExist):
		return fmt.Sprintf("the node has no agent: there is no socket %s; see that the DaemonSet c2c-cni has a pod on this node", e.Path)
	case errors.Is(e.Cause, syscall.ECONNREFUSED):
		return fmt.Sprintf("the node's agent doesn't run: nobody listens at %s; see the pod of the DaemonSet c2c-cni on this node", e.Path)
	}
	return fmt.Sprintf("the node's agent doesn't answer at %s: %v; see the pod of the DaemonSet c2c-cni on this node", e.Path, e.Cause)
}

func (e *absentError) Unwrap() error { return e.Cause }

// Belongs asks where a pod belongs.
func (c Client) Belongs(ctx context.Context, pod Pod) (podgroup.Membership, error) {
	var said answer
	if err := c.ask(ctx, http.MethodPost, podPath, pod, &said); err != nil {
		return podgroup.Membership{}, err
	}
	if said.Error != "" {
		return podgroup.Membership{}, errors.New(said.Error)
	}
	return said.Membership, nil
}

// Status asks whether pods may be started.
func (c Client) Status(ctx context.Context) (Status, error) {
	var said Status
	err := c.ask(ctx, http.MethodGet, statusPath, nil, &said)
	return said, err
}

func (c Client) ask(ctx context.Context, method, path string, with, into any) error {
	body, err := json.Marshal(with)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", c.Path)
	}}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return &absentError{c.Path, err}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostBody))
	if err != nil {
		return &absentError{c.Path, err}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("what answers at %s isn't the node's agent: status %d, %.80q", c.Path, response.StatusCode, text)
	}
	return nil
}
