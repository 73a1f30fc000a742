package main

import (
	"context"
	"fmt"
	"io"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

func retryInstance(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	o, err := inspector.Retry(ctx, a.id)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "the %s begins again as operation %s; the broker's log has it under the correlation id %s, and this shows how far it is:\n  broker instances show %s\n",
		o.Type, o.ID, o.CorrelationID, a.id)
	return err
}
