package silk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Serve answers each connection to a TCP port of the namespace with who, until the
// closer is closed.
func (n Namespace) Serve(port int, who string) (io.Closer, error) {
	listener, err := n.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, fmt.Errorf("serving port %d: %w", port, err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				_, _ = io.WriteString(connection, who) // whoever asks may have gone
				_ = connection.Close()
			}()
		}
	}()
	return listener, nil
}

// The answers of Ask beside who has answered.
const (
	// Denied is what Silk's reject comes to: connection refused.
	Denied = "DENIED"
	// Lost is no answer at all within AskPatience.
	Lost = "LOST"
)

// AskPatience is how long Ask waits: packets take microseconds here.
const AskPatience = 2 * time.Second

// Ask connects from the namespace and returns who answers, Denied or Lost.
func (n Namespace) Ask(ctx context.Context, address netip.Addr, port int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, AskPatience)
	defer cancel()
	connection, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(address, uint16(port)).String())
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Denied, nil
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, syscall.EHOSTUNREACH):
		return Lost, nil
	case err != nil:
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(AskPatience)); err != nil {
		return "", err
	}
	text, err := io.ReadAll(connection)
	if err != nil {
		return "", fmt.Errorf("reading what %s answers: %w", address, err)
	}
	return strings.TrimSpace(string(text)), nil
}
