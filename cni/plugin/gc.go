package plugin

import (
	"context"
	"errors"
	"slices"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
)

// gc takes down what was begun for containers that there aren't any more, one by
// one, since Silk's plugins know no GC; a delegate that does is called as well.
func gc(ctx context.Context, c config, args *skel.CmdArgs) error {
	begun, err := c.recorded()
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range begun {
		id := r.ID
		if id.Network == c.Name && !slices.Contains(c.Valid, types.GCAttachment{ContainerID: id.Container, IfName: id.Interface}) {
			failed = append(failed, c.collect(ctx, args, id))
		}
	}
	work, err := c.delegateFor(args, nil)
	if err == nil && work.knows(ctx) {
		err = work.do(ctx, "GC")
	}
	return errors.Join(append(failed, err)...)
}

// collect takes down one network, whose namespace has gone.
func (c config) collect(ctx context.Context, args *skel.CmdArgs, id attachment.ID) error {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	held, err := c.store().Find(ctx, id)
	if err != nil {
		return err
	}
	if held == nil {
		return c.forgetNote(ctx, id)
	}
	c.Valid, c.PrevResult = nil, nil
	if err := c.takeDown(ctx, &skel.CmdArgs{ContainerID: id.Container, IfName: id.Interface, Path: args.Path, Args: held.Args}, held); err != nil {
		return err
	}
	return c.forgetNote(ctx, id)
}
