package main

import (
	"context"
	"errors"
	"io"
)

// errMistakes leads to the exit status 1; the mistakes have been printed.
var errMistakes = errors.New("there are mistakes in the charts")

func checkCharts(ctx context.Context, args []string, stdout io.Writer) error {
	a, err := parseCharts("check", args)
	if err != nil {
		return err
	}
	checker, err := newChecker(a, true)
	if err != nil {
		return err
	}
	report, err := checker.Check(ctx, a.dir)
	if err != nil {
		return err
	}
	if err := report.Print(stdout); err != nil {
		return err
	}
	if _, mistakes, _ := report.Count(); mistakes > 0 {
		return errMistakes
	}
	return nil
}
