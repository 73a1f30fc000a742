package main

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// build builds the control plane and says where it is.
func build(ctx context.Context, out printer) error {
	folder, err := cluster.Build(ctx, out)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	out.line("the control plane is in %s", folder)
	return nil
}
