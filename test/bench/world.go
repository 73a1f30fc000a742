package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// world is a broker with records and a Cloud Foundry of its own.
type world struct {
	*stage
	binary  string // of the broker
	charts  string // that it offers
	records string // the namespace of its records
	prefix  string // of its instances' namespaces
	cf      *cf.Server
	names   *discovery.Server // nil unless the broker publishes names
	counter *requests.Counter // nil while the broker reaches the API server directly
	broker  *rig.Broker
	client  *rig.Client
	service rig.Service
	plan    rig.Plan
}

func (s *stage) newWorld(ctx context.Context, name string) (*world, error) {
	w := &world{stage: s, binary: s.binary, charts: s.charts, records: name + "-records", prefix: name}
	records := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.records}}
	if _, err := s.kube.CoreV1().Namespaces().Create(ctx, records, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("making the namespace for the broker's records: %w", err)
	}
	var err error
	w.cf, err = cf.Start(cf.Options{})
	s.worlds = append(s.worlds, w)
	return w, err
}

// smallWorld has a running broker with few instances.
func (s *stage) smallWorld(ctx context.Context) (*world, error) {
	if s.small != nil {
		return s.small, nil
	}
	w, err := s.newWorld(ctx, "few")
	if err != nil {
		return nil, err
	}
	s.small = w
	return w, w.start(ctx, nil)
}

// start starts the broker, which reaches the API server directly, and returns
// when it leads. ready, if it isn't nil, is called when the broker is ready.
func (w *world) start(ctx context.Context, ready func()) error {
	return w.startWith(ctx, w.cluster.Kubeconfig(), nil, ready)
}

// startCounted starts the broker behind a proxy that counts its requests.
func (w *world) startCounted(ctx context.Context, settings map[string]string) error {
	if w.counter == nil {
		var err error
		if w.counter, err = requests.New(w.cluster.RESTConfig()); err != nil {
			return err
		}
	}
	kubeconfig := filepath.Join(w.folder, w.prefix+".kubeconfig")
	if err := w.counter.WriteKubeconfig(kubeconfig); err != nil {
		return err
	}
	return w.startWith(ctx, kubeconfig, settings, nil)
}

// startNaming starts the broker with names, which a service discovery of its own
// answers for.
func (w *world) startNaming(ctx context.Context) error {
	if err := w.discover(); err != nil {
		return err
	}
	return w.startWith(ctx, w.cluster.Kubeconfig(), w.names.Settings(), nil)
}

// discover starts the service discovery, if there is none.
func (w *world) discover() (err error) {
	if w.names == nil {
		w.names, err = discovery.Start(discovery.Options{Domains: []string{"cluster.local"}})
	}
	return err
}

func (w *world) startWith(ctx context.Context, kubeconfig string, settings map[string]string, ready func()) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	all := map[string]string{
		"KUBECONFIG": kubeconfig, "HELM_CHART_DIR": w.charts, "BROKER_NAMESPACE": w.records, "NAMESPACE_PREFIX": w.prefix,
		"CF_API_ADDRESS": w.cf.URL(), "CF_CLIENT_ID": w.cf.Client().ID, "CF_CLIENT_SECRET": w.cf.Client().Secret,
	}
	maps.Copy(all, settings)
	var err error
	if w.broker, err = rig.Start(ctx, w.binary, all, nil); err != nil {
		return err
	}
	if ready != nil {
		ready()
	}
	w.client = w.broker.Client()
	if err := w.awaitLeading(ctx); err != nil {
		return err
	}
	catalog, err := w.client.Catalog(ctx)
	if err != nil {
		return fmt.Errorf("fetching the catalog: %w", err)
	}
	w.service, w.plan, err = catalog.Find("bench", "small")
	return err
}

// awaitLeading waits until the broker carries operations through.
func (w *world) awaitLeading(ctx context.Context) error {
	for {
		var state struct {
			Leading bool `json:"leading"`
		}
		answer, err := w.client.Send(ctx, "GET", "/readyz", nil)
		if err == nil {
			err = answer.Decode(&state)
		}
		if err != nil || state.Leading {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the broker to lead: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond): // there is nothing to watch
		}
	}
}

func (w *world) stop() error {
	if w.broker == nil {
		return nil
	}
	broker := w.broker
	w.broker = nil
	if err := broker.Stop(); err != nil {
		return fmt.Errorf("the broker ended badly: %w", err)
	}
	return nil
}

func (w *world) close() error {
	err := w.stop()
	if w.names != nil {
		err = errors.Join(err, w.names.Close())
	}
	if w.counter != nil {
		w.counter.Close()
	}
	if w.cf != nil {
		w.cf.Close()
	}
	return err
}

func (w *world) newInstance() rig.Instance {
	return rig.Instance{ID: uuid.NewString(), Service: w.service, Plan: w.plan}
}
