package main

import (
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// want fails unless the broker answered with one of the statuses.
func want(answer rig.Answer, err error, statuses ...int) error {
	if err != nil || slices.Contains(statuses, answer.Status) {
		return err
	}
	return fmt.Errorf("the broker answered with status %d: %.300s", answer.Status, answer.Body)
}
