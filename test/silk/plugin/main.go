//go:build linux

// Command silk-standin stands for Silk's plugins on a node, cni-wrapper-plugin and
// silk-cni. Its configuration is as theirs where tests need it:
//
//	{"cniVersion": "1.0.0", "name": "silk", "type": "silk-standin",
//	 "store": FOLDER, "lease": "10.255.7.0/24", "mtu": 1450,
//	 "policy_agent_force_poll_address": "127.0.0.1:8722", "plain": false,
//	 "metadata": {"policy_group_id": GROUP}}
//
// It runs in the node's network namespace, and needs ip, nsenter and iptables-restore.
// As cni-wrapper-plugin it ends an ADD by having the policy agent poll, and fails where
// that doesn't. On a plain node containers have no rules. As Silk's plugins it knows neither CHECK nor STATUS nor GC. Called
// loopback, it is that plugin.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

func main() {
	funcs := skel.CNIFuncs{Add: add, Del: del, Check: func(*skel.CmdArgs) error {
		return errors.New("CHECK isn't implemented")
	}}
	if filepath.Base(os.Args[0]) == loopback {
		funcs.Add, funcs.Del = addLoopback, func(*skel.CmdArgs) error { return nil }
	}
	skel.PluginMainFuncs(funcs, version.PluginSupports("0.3.1", "0.4.0", "1.0.0"), "silk-standin")
}

type config struct {
	types.NetConf
	Store    string       `json:"store"`
	Lease    netip.Prefix `json:"lease"`
	MTU      int          `json:"mtu"`
	Poll     string       `json:"policy_agent_force_poll_address"`
	Plain    bool         `json:"plain"`
	Metadata struct {
		Group string `json:"policy_group_id"`
	} `json:"metadata"`
}

func read(args *skel.CmdArgs) (config, dataplane.Store, error) {
	var c config
	if err := json.Unmarshal(args.StdinData, &c); err != nil {
		return c, dataplane.Store{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return c, dataplane.Store{Folder: c.Store}, nil
}
