//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

// gateway is what a container sends everything to: the node's end of its link.
const gateway = "169.254.0.1"

func add(args *skel.CmdArgs) error {
	c, store, err := read(args)
	if err != nil {
		return err
	}
	container, err := store.Add(args.ContainerID, c.Metadata.Group, c.Lease)
	if err != nil {
		return err
	}
	if err := attach(c, container, args); err != nil {
		return errors.Join(err, remove(store, container))
	}
	return types.PrintResult(result(container, args), c.CNIVersion)
}

func attach(c config, container dataplane.Container, args *skel.CmdArgs) error {
	if err := run(linkCommands(c, container, args), "ip", "-batch", "-"); err != nil {
		return err
	}
	if err := run(insideCommands(container, args), "nsenter", "--net="+args.Netns, "ip", "-batch", "-"); err != nil {
		return err
	}
	if c.Plain {
		return nil
	}
	if err := restore(dataplane.ContainerRules(container)); err != nil {
		return err
	}
	return poll(c.Poll)
}

// linkCommands make a link of two ends, without a bridge.
func linkCommands(c config, container dataplane.Container, args *skel.CmdArgs) string {
	host := container.Interface()
	return fmt.Sprintf("link add %s mtu %d type veth peer name %s mtu %[2]d netns %[4]s\naddr add %[5]s peer %[6]s/32 dev %[1]s\nlink set %[1]s up\n",
		host, c.MTU, args.IfName, args.Netns, gateway, container.Address)
}

func insideCommands(container dataplane.Container, args *skel.CmdArgs) string {
	return fmt.Sprintf("link set lo up\naddr add %s peer %s/32 dev %s\nlink set %[3]s up\nroute add default via %[2]s dev %[3]s\n",
		container.Address, gateway, args.IfName)
}

// poll has the policy agent poll, as cni-wrapper-plugin does: the container's
// policies are there when it starts.
func poll(address string) error {
	if address == "" {
		return nil
	}
	client := http.Client{Timeout: 20 * time.Second}
	answer, err := client.Get("http://" + address + "/force-policy-poll-cycle")
	if err != nil {
		return fmt.Errorf("having the policy agent poll: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		return fmt.Errorf("vpa response code: %d with message: %s", answer.StatusCode, said)
	}
	return nil
}

func result(container dataplane.Container, args *skel.CmdArgs) *current.Result {
	zero := 0
	return &current.Result{
		CNIVersion: current.ImplementedSpecVersion,
		Interfaces: []*current.Interface{{Name: args.IfName, Sandbox: args.Netns}},
		IPs: []*current.IPConfig{{
			Interface: &zero,
			Address:   net.IPNet{IP: container.Address.AsSlice(), Mask: net.CIDRMask(32, 32)},
			Gateway:   net.ParseIP(gateway),
		}},
	}
}
