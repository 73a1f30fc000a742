package main

import (
	"context"
	"time"
)

const restarts = 5

func measureRestarts(ctx context.Context, s *stage) ([]row, error) {
	c, err := s.fullCrowd(ctx)
	if err != nil {
		return nil, err
	}
	var ready, leading []float64
	for range restarts {
		if err := c.stop(); err != nil {
			return nil, err
		}
		begin := time.Now()
		var readyAfter time.Duration
		if err := c.start(ctx, func() { readyAfter = time.Since(begin) }); err != nil {
			return nil, err
		}
		ready, leading = append(ready, readyAfter.Seconds()), append(leading, time.Since(begin).Seconds())
	}
	r := row{name: "restart with 2,000 instances → ready", value: median(ready), unit: "s", n: restarts}.is(atMost(3)).
		note("from the start of the process until /readyz answers 200; until it leads: %s s", figure(median(leading)))
	return []row{r}, nil
}
