package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
)

// tellLeft tells of networks that the plugin has left, since they couldn't be taken
// down, until ctx ends.
func tellLeft(ctx context.Context, s settings, teller *agent.Teller, log lager.Logger) {
	log = log.Session("left")
	again := time.NewTicker(s.interval)
	defer again.Stop()
	var before []string
	for {
		left, err := leftNetworks(s.stateDir())
		if err != nil {
			left = []string{fmt.Sprintf("which networks were left can't be told: %v", err)}
		}
		if !slices.Equal(before, left) {
			log.Info("networks", lager.Data{"problems": strings.Join(left, "; ")})
		}
		before = left
		teller.Found(left)
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// leftNetworks are a problem for each network that was left.
func leftNetworks(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	all, err := attachment.Store{Folder: folder}.All()
	var left []string
	for _, r := range all {
		if r.GivenUp {
			left = append(left, fmt.Sprintf("the network of pod %s (container %s) couldn't be taken down since %s, and was left: its address isn't free, and its rules are there. "+
				"See that the delegate of the network configuration is installed and works; the next pod that starts on the node, or the runtime's GC, takes it down",
				r.Pod(), r.ID.Container, r.Failed.Format(time.RFC3339)))
		}
	}
	slices.Sort(left)
	return left, err
}
