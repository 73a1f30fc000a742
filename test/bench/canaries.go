package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	canaries = "10"
	inFlight = "5"
	// fragile is the image of those instances that the new version breaks: Kubernetes
	// refuses the name of what it adds, which rendering can't know.
	fragile = "registry.example.com/fragile:1"
	breaks  = "{{ if contains \"fragile\" .Values.image }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n---\n{{ end }}\n"
)

// measureCanaries offers a version that breaks one instance in three, has all upgraded as
// an operator does, and goes on with a version that is mended.
func measureCanaries(ctx context.Context, s *stage) (_ []row, err error) {
	w, err := s.newWorld(ctx, "canaries")
	if err != nil {
		return nil, err
	}
	w.charts = filepath.Join(w.folder, "canaries")
	if err := os.CopyFS(w.charts, os.DirFS(s.charts)); err != nil {
		return nil, fmt.Errorf("copying the chart: %w", err)
	}
	if err := w.start(ctx, nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if _, err := throughput(ctx, upgrades, atATime, w.createFragile); err != nil {
		return nil, err
	}
	if err := w.offer(ctx, "1.1.0", breaks); err != nil {
		return nil, err
	}
	broken, err := w.upgradeAll(ctx, "--canaries", canaries, "--max-in-flight", inFlight)
	if err != nil {
		return nil, err
	}
	serving, err := w.serving(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.offer(ctx, "1.2.0", ""); err != nil {
		return nil, err
	}
	mended, err := w.upgradeAll(ctx, "--max-in-flight", fmt.Sprint(atATime))
	if err != nil {
		return nil, err
	}
	left, err := w.serving(ctx)
	if err != nil {
		return nil, err
	}
	return []row{
		row{name: "instances begun with a version that breaks one in three, of 1,000", value: float64(broken.begun()), unit: "instances", n: 1}.
			note("with --canaries %s --max-in-flight %s: %d were upgraded, %d failed and are as they were, %d were not begun, in %s", canaries, inFlight,
				broken.in("upgraded"), broken.in("failed"), broken.in("not begun"), broken.took).
			note("of the 1,000, %d have their pod ready", serving),
		row{name: "instances upgraded to the mended version, of 1,000", value: float64(mended.in("upgraded")), unit: "instances", n: 1}.is(atLeast(upgrades)).
			note("with --max-in-flight %d, in %s: %s/s; %d failed; %d have their pod ready", atATime, mended.took, figure(float64(mended.in("upgraded"))/mended.took.Seconds()), mended.in("failed"), left),
	}, nil
}

// createFragile makes the nth instance, of which one in three is fragile.
func (w *world) createFragile(ctx context.Context, n int) error {
	i, parameters := w.newInstance(), map[string]any{}
	if n%3 == 0 {
		parameters["image"] = fragile
	}
	answer, err := w.client.Provision(ctx, i, parameters)
	if err := want(answer, err, http.StatusCreated, http.StatusAccepted); err != nil || answer.Status == http.StatusCreated {
		return err
	}
	return w.await(ctx, i, answer.Operation(), loosePoll)
}

// offer has the broker read a new version of its chart, with more at the beginning of its template.
func (w *world) offer(ctx context.Context, version, more string) error {
	metadata, err := os.ReadFile(filepath.Join(w.stage.charts, "Chart.yaml"))
	if err != nil {
		return err
	}
	template, err := os.ReadFile(filepath.Join(w.stage.charts, "templates", "all.yaml"))
	if err != nil {
		return err
	}
	for file, text := range map[string]string{
		"Chart.yaml": strings.Replace(string(metadata), "1.0.0", version, 1), "templates/all.yaml": more + string(template),
	} {
		if err := os.WriteFile(filepath.Join(w.charts, file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	answer, err := w.client.Send(ctx, http.MethodPost, "/admin/charts/reload", nil)
	return want(answer, err, http.StatusOK)
}

// upgraded is what `broker instances upgrade --json` tells.
type upgraded struct {
	Instances []struct {
		State string `json:"state"`
	} `json:"instances"`
	took time.Duration
}

func (u upgraded) in(state string) (count int) {
	for _, i := range u.Instances {
		if i.State == state {
			count++
		}
	}
	return count
}

func (u upgraded) begun() int { return len(u.Instances) - u.in("not begun") }

// upgradeAll runs the operator's command. That some fail is no error.
func (w *world) upgradeAll(ctx context.Context, arguments ...string) (told upgraded, err error) {
	command := exec.CommandContext(ctx, w.binary, append([]string{"instances", "upgrade", "--json", "--url", w.broker.URL()}, arguments...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+w.cluster.Kubeconfig(), "BROKER_NAMESPACE="+w.records,
		"SECURITY_USER_NAME="+rig.Username, "SECURITY_USER_PASSWORD="+rig.Password)
	var said bytes.Buffer
	command.Stderr = &said
	begun := time.Now()
	text, err := command.Output()
	told.took = time.Since(begun).Round(100 * time.Millisecond)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return told, fmt.Errorf("running broker instances upgrade: %w", err)
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return told, fmt.Errorf("broker instances upgrade: %w: %s", err, said.String())
	}
	return told, nil
}

// serving counts the instances whose pod is ready.
func (w *world) serving(ctx context.Context) (count int, err error) {
	all, err := w.kube.AppsV1().Deployments(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, fmt.Errorf("listing the instances' Deployments: %w", err)
	}
	for _, d := range all.Items {
		if strings.HasPrefix(d.Namespace, w.prefix) && isServing(&d) {
			count++
		}
	}
	return count, nil
}

func isServing(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == 1 && d.Status.UpdatedReplicas == 1
}
