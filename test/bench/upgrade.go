package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	upgrades    = 1000
	sdkUpgrades = 100 // it is about the rate
	newVersion  = "1.1.0"
)

// measureUpgrades upgrades instances to a new version of their chart, whose pods run
// another image.
func measureUpgrades(ctx context.Context, s *stage) (_ []row, err error) {
	w, err := s.newWorld(ctx, "upgraded")
	if err != nil {
		return nil, err
	}
	w.charts = filepath.Join(w.folder, "upgraded")
	if err := os.CopyFS(w.charts, os.DirFS(s.charts)); err != nil {
		return nil, fmt.Errorf("copying the chart: %w", err)
	}
	if err := w.start(ctx, nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	made := make([]rig.Instance, upgrades)
	_, err = throughput(ctx, upgrades, atATime, func(ctx context.Context, n int) error {
		made[n] = w.newInstance()
		_, err := w.create(ctx, made[n], loosePoll)
		return err
	})
	if err != nil {
		return nil, err
	}
	namespaces := make([]string, sdkUpgrades)
	_, err = throughput(ctx, sdkUpgrades, atATime, func(ctx context.Context, n int) error {
		namespaces[n] = "sdk-" + uuid.NewString()
		return s.sdkInstall(ctx, namespaces[n])
	})
	if err != nil {
		return nil, err
	}
	if err := w.renewChart(ctx); err != nil {
		return nil, err
	}
	sdk, err := throughput(ctx, sdkUpgrades, atATime, func(ctx context.Context, n int) error { return s.sdkUpgrade(ctx, w.charts, namespaces[n]) })
	if err != nil {
		return nil, err
	}
	var each sampled
	broker, err := throughput(ctx, upgrades, atATime, func(ctx context.Context, n int) error {
		took, err := timed(ctx, func(ctx context.Context) error { return w.upgrade(ctx, made[n]) })
		each.add(took)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := row{name: "1,000 upgrades to a new chart version, 20 at a time", value: broker, unit: "upgrades/s", n: 1}.
		to(helmSDK+" upgrade", sdk, atLeast(3)).
		note("%s, with wait: %s/s (of %d); each replaces the pod, whose image is another", helmSDK, figure(sdk), sdkUpgrades).
		note("one of the broker's upgrades took %s ms (median), %s ms (p99)", figure(median(each.values())), figure(quantile(each.values(), 0.99)))
	return []row{r}, nil
}

// renewChart has the broker read a new version of its chart, with another image.
func (w *world) renewChart(ctx context.Context) error {
	for file, change := range map[string][2]string{"Chart.yaml": {"1.0.0", newVersion}, "values.yaml": {"bench:1", "bench:2"}} {
		path := filepath.Join(w.charts, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), change[0], change[1], 1)), 0o600); err != nil {
			return err
		}
	}
	answer, err := w.client.Send(ctx, http.MethodPost, "/admin/charts/reload", nil)
	return want(answer, err, http.StatusOK)
}

// upgrade brings an instance to the new version.
func (w *world) upgrade(ctx context.Context, i rig.Instance) error {
	answer, err := w.client.Update(ctx, i, map[string]any{"maintenance_info": map[string]any{"version": newVersion}})
	if err := want(answer, err, http.StatusOK, http.StatusAccepted); err != nil {
		return err
	}
	if answer.Status == http.StatusOK {
		return nil
	}
	return w.await(ctx, i, answer.Operation(), loosePoll)
}
