package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// askPatience is how long the agent is waited for, which takes 10 s at most itself.
const askPatience = 12 * time.Second

// add makes a pod's network. What it has begun and can't end it takes down again.
func add(ctx context.Context, c config, args *skel.CmdArgs) error {
	member, container, err := c.ask(ctx, args)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	held, err := c.store().Begin(waiting, c.id(args), args.Args)
	if err != nil {
		return err
	}
	work, err := c.delegateFor(args, held)
	if err != nil {
		return errors.Join(err, c.store().Forget(held))
	}
	result, err := work.add(ctx, metadata(container, member))
	var addresses []netip.Addr
	if err == nil {
		result, addresses, err = usable(result, c.CNIVersion)
	}
	if err == nil {
		err = held.Made(addresses)
	}
	if err == nil {
		c.takeDownLeft(ctx, args)
		return result.Print()
	}
	err = explained(err)
	if left := c.takeDown(ctx, args, held); left != nil {
		return also(err, fmt.Sprintf("taking down what was made failed as well, and is tried again: %v", left))
	}
	return err
}

// id is which network of a container is meant.
func (c config) id(args *skel.CmdArgs) attachment.ID {
	return attachment.ID{Container: args.ContainerID, Interface: args.IfName, Network: c.Name}
}

// ask asks the agent where the pod belongs; those that belong nowhere get the
// configuration's group, if it has one.
func (c config) ask(ctx context.Context, args *skel.CmdArgs) (podgroup.Membership, string, error) {
	pod, err := podOf(args.Args, args.ContainerID)
	if err != nil {
		return podgroup.Membership{}, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	member, err := c.agent().Belongs(ctx, pod)
	if err != nil {
		return member, "", types.NewError(types.ErrTryAgainLater, err.Error(), "")
	}
	for _, id := range []string{member.Group, member.Space} {
		if id != "" && !podgroup.IsGroup(id) {
			return member, "", types.NewError(types.ErrInternal, fmt.Sprintf("the node's agent says %.60q, which is no UUID; run the agent and the plugin of one version", id), "")
		}
	}
	if member.Group == "" {
		member.Group = c.DefaultGroup
	}
	return member, pod.Container, nil
}

// usable is the delegate's result in the version that the runtime speaks, and the
// pod's addresses. A pod without one can't be used.
func usable(result types.Result, version string) (types.Result, []netip.Addr, error) {
	now, err := current.NewResultFromResult(result)
	if err != nil {
		return nil, nil, fmt.Errorf("the delegate's result can't be read: %w", err)
	}
	var addresses []netip.Addr
	for _, ip := range now.IPs {
		if address, is := netip.AddrFromSlice(ip.Address.IP); is {
			addresses = append(addresses, address.Unmap())
		}
	}
	if len(addresses) == 0 {
		return nil, nil, errors.New("the delegate's result has no address for the pod")
	}
	converted, err := now.GetAsVersion(version)
	if err != nil {
		return nil, nil, fmt.Errorf("the delegate's result can't be told in version %s: %w", version, err)
	}
	return converted, addresses, nil
}

// explained adds what to do about a failure that the delegate tells in its own
// words.
func explained(err error) error {
	if strings.Contains(err.Error(), "no IP addresses available in range set") {
		return also(err, "the node's overlay lease is full: a lease is a /24 unless silk-controller says else, and holds 253 pods; lower the kubelet's maxPods, or move pods to other nodes")
	}
	return err
}

// also adds words to an error and keeps its code.
func also(err error, words string) error {
	var told *types.Error
	if errors.As(err, &told) {
		return types.NewError(told.Code, told.Msg+"; "+words, told.Details)
	}
	return fmt.Errorf("%w; %s", err, words)
}
