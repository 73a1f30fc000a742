package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// Listen answers each connection with the word, until ctx ends.
func Listen(ctx context.Context, address, word string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		connection, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed): // ctx has ended
			return nil
		case err != nil:
			return fmt.Errorf("accepting a connection: %w", err)
		}
		go func() {
			_, _ = io.WriteString(connection, word) // whoever asks may have gone
			_ = connection.Close()
		}()
	}
}
