//go:build linux

package main

import (
	"encoding/json"
	"fmt"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
)

// loopback is the name under which containerd calls for a pod's own interface, which
// any node has a plugin for.
const loopback = "loopback"

func addLoopback(args *skel.CmdArgs) error {
	var c types.NetConf
	if err := json.Unmarshal(args.StdinData, &c); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	if err := run("", "nsenter", "--net="+args.Netns, "ip", "link", "set", args.IfName, "up"); err != nil {
		return err
	}
	return types.PrintResult(&current.Result{
		CNIVersion: current.ImplementedSpecVersion,
		Interfaces: []*current.Interface{{Name: args.IfName, Sandbox: args.Netns}},
	}, c.CNIVersion)
}
