package silk

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// namespaces is where ip keeps network namespaces by name.
const namespaces = "/run/netns"

// Namespace is a network namespace by its name.
type Namespace string

// Path is its file, which plugins are told as CNI_NETNS.
func (n Namespace) Path() string { return filepath.Join(namespaces, string(n)) }

// Make makes it. It is the caller's to Remove.
func (n Namespace) Make() error { return run("", "ip", "netns", "add", string(n)) }

// Remove takes the name away, and with it all that is in the namespace once no process
// or socket is in it. One that isn't there is removed.
func (n Namespace) Remove() error {
	if _, err := os.Lstat(n.Path()); os.IsNotExist(err) {
		return nil
	}
	return run("", "ip", "netns", "del", string(n))
}

// Do calls within on a thread that is in the namespace: sockets that it makes and
// programs that it starts are there and stay there.
func (n Namespace) Do(within func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		back, err := enter(n.Path())
		if err != nil {
			done <- err
			return // the thread ends with the goroutine, wherever it is
		}
		result := within()
		if back() == nil {
			runtime.UnlockOSThread()
		}
		done <- result
	}()
	return <-done
}

// Dial connects to an address from within. Names aren't resolved.
func (n Namespace) Dial(ctx context.Context, network, address string) (connection net.Conn, err error) {
	err = n.Do(func() (err error) {
		connection, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// Listen listens within.
func (n Namespace) Listen(network, address string) (listener net.Listener, err error) {
	err = n.Do(func() (err error) {
		listener, err = net.Listen(network, address)
		return err
	})
	return listener, err
}

// Forward has an address of the namespace's loopback lead to the same address of this
// machine's, until the closer is closed.
func (n Namespace) Forward(address string) (io.Closer, error) {
	listener, err := n.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("forwarding %s: %w", address, err)
	}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go forward(from, address)
		}
	}()
	return listener, nil
}

func forward(from net.Conn, address string) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // a broken connection is one that has ended
			ended <- struct{}{}
		}()
	}
	<-ended
}

// iptables runs iptables in the namespace and returns what it prints.
func (n Namespace) iptables(args ...string) (string, error) {
	return output("", "nsenter", append([]string{"--net=" + n.Path(), "iptables", "-w"}, args...)...)
}

// restore hands rules to iptables-restore, which carries out all of them or none.
func (n Namespace) restore(rules string) error {
	return run(rules, "nsenter", "--net="+n.Path(), "iptables-restore", "-w", "--noflush")
}

// ip carries out commands of ip in the namespace.
func (n Namespace) ip(commands ...string) error {
	return run(strings.Join(commands, "\n")+"\n", "ip", "-n", string(n), "-batch", "-")
}
