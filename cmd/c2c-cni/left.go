package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
)

// tellLeft tells of networks that the plugin has left, since they couldn't be taken
// down, until ctx ends.
func tellLeft(ctx context.Context, s settings, teller *agent.Teller, log lager.Logger) {
	log = log.Session("left")
	again := time.NewTicker(s.interval)
	defer again.Stop()
	var before []string
	for {
		left, err := leftNetworks(s.stateDir(), plugin.UnopenedDir(s.Socket))
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

// leftNetworks are a problem for each network that was left, by its record or, where
// that couldn't be opened, by a note of it.
func leftNetworks(folder, unopened string) ([]string, error) {
	var left []string
	noted, notedErr := attachment.Store{Folder: unopened}.All()
	for _, r := range noted {
		if r.GivenUp {
			left = append(left, saidOf(r, "See that its record in the plugin's state_dir can be opened and that no process locks it"))
		}
	}
	if folder == "" {
		return left, notedErr
	}
	all, err := attachment.Store{Folder: folder}.All()
	for _, r := range all {
		if r.GivenUp {
			left = append(left, saidOf(r, "See that the delegate of the network configuration is installed and works"))
		}
	}
	slices.Sort(left)
	return left, errors.Join(notedErr, err)
}

func saidOf(left attachment.Record, cure string) string {
	return fmt.Sprintf("the network of pod %s (container %s) couldn't be taken down since %s, and was left: its address isn't free, and its rules are there. "+
		"%s; the next pod that starts on the node, or the runtime's GC, takes it down",
		left.Pod(), left.ID.Container, left.Failed.Format(time.RFC3339), cure)
}
