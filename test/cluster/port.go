package cluster

import (
	"fmt"
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// port is a TCP port of 127.0.0.1 that is kept for a server even while the server doesn't run: a bound socket that never
// listens. The server must bind with SO_REUSEPORT. So clusters that start at once never fight over a port, and a stopped
// API server finds its own again.
type port struct {
	number int
	socket int
}

func reservePort() (_ *port, err error) {
	socket, err := openSocket()
	if err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(socket)
		}
	}()
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	inet, ok := address.(*unix.SockaddrInet4)
	if !ok {
		return nil, fmt.Errorf("reserving a port: the kernel answered with a %T", address)
	}
	return &port{number: inet.Port, socket: socket}, nil
}

// openSocket holds ForkLock so that no child that is started at this moment inherits the socket.
func openSocket() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(socket)
	}
	return socket, err
}

// String is the number.
func (p *port) String() string { return strconv.Itoa(p.number) }

// hostPort is the address to dial.
func (p *port) hostPort() string { return net.JoinHostPort("127.0.0.1", p.String()) }

func (p *port) release() { _ = unix.Close(p.socket) }
