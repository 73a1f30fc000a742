package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// load sends requests over connections that are kept. It takes the requests as
// they go over the wire: what it costs itself is taken from what it measures.
type load struct {
	address     string
	requests    [][]byte
	connections int
	rate        int    // requests a second; 0: each as soon as the last was answered
	wants       []byte // what every answer holds
}

// run returns how long each request took, in milliseconds. With a rate, that
// counts from when the request was due: a broker that stops for a moment makes
// those late that should have been sent meanwhile.
func (l load) run(ctx context.Context, d time.Duration) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d+timeLimit)
	defer cancel()
	var all sampled
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	for n := range l.connections {
		group.Go(func() error {
			took, err := l.connection(ctx, n, begin, begin.Add(d))
			all.add(took...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("putting load on the broker: %w", err)
	}
	return all.values(), nil
}

// connection sends one request after the other.
func (l load) connection(ctx context.Context, number int, begin, end time.Time) (took []float64, err error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	reader := bufio.NewReader(connection)
	for n := 0; ctx.Err() == nil; n++ {
		due := l.due(begin, number, n)
		time.Sleep(time.Until(due))
		if due.After(end) {
			break
		}
		request := l.requests[(number*len(l.requests)/l.connections+n)%len(l.requests)]
		if _, err := connection.Write(request); err != nil {
			return took, err
		}
		if err := l.read(reader); err != nil {
			return took, err
		}
		took = append(took, milliseconds(time.Since(due)))
	}
	return took, ctx.Err()
}

// due is when a connection is to send its n-th request.
func (l load) due(begin time.Time, connection, n int) time.Time {
	if l.rate == 0 {
		return time.Now()
	}
	return begin.Add(time.Duration(n*l.connections+connection) * time.Second / time.Duration(l.rate))
}

func (l load) read(reader *bufio.Reader) error {
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(body, l.wants) {
		return fmt.Errorf("the broker answered with status %d: %.300s", response.StatusCode, body)
	}
	return nil
}
