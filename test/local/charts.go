package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// brokenPlan is one of echo's that the shipped chart doesn't have: developers
// can't choose an image, so a plan has to name the one that can't be pulled.
const (
	brokenPlan  = "broken"
	brokenImage = cluster.ImagePullError + "/whoami"
)

// offerCharts copies the shipped charts, with the broken plan, and returns the folder.
func (s *stage) offerCharts() (string, error) {
	folder := filepath.Join(s.folder, "charts")
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(s.root, "charts"))); err != nil {
		return "", fmt.Errorf("copying the charts: %w", err)
	}
	echo := filepath.Join(folder, "echo")
	values := "image: {repository: " + brokenImage + "}\n"
	err := errors.Join(
		os.WriteFile(filepath.Join(echo, "plans", brokenPlan+".yaml"), []byte(values), 0o600),
		addTo(filepath.Join(echo, "plans.yaml"), "- {name: "+brokenPlan+", description: The demo's own; its image can't be pulled, file: "+brokenPlan+".yaml}\n"),
	)
	if err != nil {
		return "", fmt.Errorf("adding a plan to the chart echo: %w", err)
	}
	return folder, nil
}

func addTo(file, text string) error {
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(before, text...), 0o600)
}
