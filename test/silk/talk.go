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
	// Lost is no answer at all within 2 s.
	Lost = "LOST"
)

// askPatience is how long Ask waits: packets take microseconds here.
const askPatience = 2 * time.Second

// Ask connects from the namespace and returns who answers, Denied or Lost.
func (n Namespace) Ask(ctx context.Context, address netip.Addr, port int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	connection, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(address, uint16(port)).String())
	if err != nil {
		return answered("", err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(askPatience)); err != nil {
		return "", err
	}
	text, err := io.ReadAll(connection)
	return answered(string(text), err)
}

// ServeUDP answers each packet to a UDP port of the namespace with who, until the
// closer is closed.
func (n Namespace) ServeUDP(port int, who string) (io.Closer, error) {
	var connection net.PacketConn
	err := n.Do(func() (err error) {
		connection, err = net.ListenPacket("udp", fmt.Sprintf(":%d", port))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("serving UDP port %d: %w", port, err)
	}
	go func() {
		packet := make([]byte, 512)
		for {
			_, from, err := connection.ReadFrom(packet)
			if err != nil {
				return // closed
			}
			_, _ = connection.WriteTo([]byte(who), from) // whoever asks may have gone
		}
	}()
	return connection, nil
}

// AskUDP is Ask with one packet. What is denied is told of by the network as well.
func (n Namespace) AskUDP(ctx context.Context, address netip.Addr, port int) (string, error) {
	connection, err := n.Dial(ctx, "udp", netip.AddrPortFrom(address, uint16(port)).String())
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(askPatience)); err != nil {
		return "", err
	}
	packet := make([]byte, 512)
	_, err = connection.Write([]byte("who"))
	var length int
	if err == nil {
		length, err = connection.Read(packet)
	}
	return answered(string(packet[:length]), err)
}

// answered is what came back, or what a failure says of it.
func answered(said string, err error) (string, error) {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Denied, nil
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, syscall.EHOSTUNREACH):
		return Lost, nil
	}
	return strings.TrimSpace(said), err
}
