package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
)

const (
	polled      = 500  // ids
	aimedRate   = 3000 // requests a second
	connections = 16
	warmUp      = 2 * time.Second
	loadTime    = 10 * time.Second
	paceTime    = 4 * time.Second // of a window
	windows     = 3
)

func measurePolls(ctx context.Context, s *stage) ([]row, error) {
	c, err := s.fullCrowd(ctx)
	if err != nil {
		return nil, err
	}
	if c.counter == nil {
		if err := c.restartCounted(ctx, nil); err != nil {
			return nil, err
		}
	}
	polls, err := c.pollRequests()
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(c.broker.URL())
	if err != nil {
		return nil, err
	}
	l := load{address: address.Host, requests: polls, connections: connections, wants: []byte("succeeded")}
	if _, err := l.run(ctx, warmUp); err != nil {
		return nil, err
	}
	used, err := processorTime(c.broker.PID())
	if err != nil {
		return nil, err
	}
	mark := c.counter.Mark()
	full, err := l.run(ctx, loadTime)
	if err != nil {
		return nil, err
	}
	usedNow, err := processorTime(c.broker.PID())
	if err != nil {
		return nil, err
	}
	l.rate = aimedRate
	p99, middle, err := l.windows(ctx)
	if err != nil {
		return nil, err
	}
	asked := c.counter.Since(mark)
	const name = "last_operation with 2,000 instances"
	return []row{
		row{name: name + ", throughput", value: float64(len(full)) / loadTime.Seconds(), unit: "requests/s", n: 1}.is(atLeast(aimedRate)).
			note("%d ids, %d connections, each request as soon as the last was answered, for %s; then median %s ms, p99 %s ms",
				len(polls), connections, loadTime, figure(median(full)), figure(quantile(full, 0.99))).
			note("the broker used %s µs of processor time a request; the load comes from the same machine", figure(milliseconds(usedNow-used)*1000/float64(len(full)))),
		row{name: name + ", p99 at 3,000 requests/s", value: median(p99), unit: "ms", n: len(p99)}.is(atMost(10)).
			note("the median of %d windows of %s; the median request took %s ms; counted from when a request was due, sent or not", len(p99), paceTime, figure(median(middle))),
		row{name: name + ", API-server requests", value: float64(len(asked)), unit: "requests", n: 1}.is(atMost(0)).
			note("meanwhile: %s", requests.Tally(asked)),
	}, nil
}

// windows returns the 99th percentile and the median of each of a few runs: one
// in which the machine was busy elsewhere doesn't decide.
func (l load) windows(ctx context.Context) (p99, middle []float64, err error) {
	for range windows {
		took, err := l.run(ctx, paceTime)
		if err != nil {
			return nil, nil, err
		}
		p99, middle = append(p99, quantile(took, 0.99)), append(middle, median(took))
	}
	return p99, middle, nil
}

// pollRequests are polls of operations, as a platform sends them.
func (c *crowd) pollRequests() ([][]byte, error) {
	var all [][]byte
	for _, i := range c.seeded[:min(polled, len(c.seeded))] {
		query := url.Values{"service_id": {i.ServiceID}, "plan_id": {i.PlanID}, "operation": {i.Operation.ID}}
		r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/v2/service_instances/%s/last_operation?%s", c.broker.URL(), i.ID, query.Encode()), nil)
		if err != nil {
			return nil, err
		}
		r.SetBasicAuth(c.client.Username, c.client.Password)
		r.Header.Set("X-Broker-API-Version", "2.17")
		var text bytes.Buffer
		if err := r.Write(&text); err != nil {
			return nil, err
		}
		all = append(all, text.Bytes())
	}
	return all, nil
}
