package main

import (
	"context"
	"io"
	"os"
)

func renderChart(ctx context.Context, args []string, stdout io.Writer) error {
	a, err := parseCharts("render", args)
	if err != nil {
		return err
	}
	if a.plan == "" {
		return usageError("charts render needs --plan")
	}
	var parameters []byte
	if a.values != "" {
		if parameters, err = os.ReadFile(a.values); err != nil {
			return usageError("--values: %v", err)
		}
	}
	checker, err := newChecker(a.kubeVersion)
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
