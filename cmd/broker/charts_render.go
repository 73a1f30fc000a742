package main

import (
	"context"
	"io"
)

func renderChart(ctx context.Context, args []string, stdout io.Writer) error {
	a, parameters, err := onePlan("render", args)
	if err != nil {
		return err
	}
	checker, err := newChecker(a, true)
	if err != nil {
		return err
	}
	manifests, err := checker.Render(ctx, a.dir, a.plan, parameters)
	if err != nil {
		return err
	}
	_, err = io.WriteString(stdout, manifests)
	return err
}
