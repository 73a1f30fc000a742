package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const deletes = 7

// measureDeletes takes the time of deletes, each beside that of a namespace with the
// same objects, which for the most part is waiting.
func measureDeletes(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	var own, plain []float64
	for range deletes {
		i, namespace := w.newInstance(), "plain-"+uuid.NewString()
		if _, err := w.create(ctx, i, tightPoll); err != nil {
			return nil, err
		}
		if err := w.plain.install(ctx, namespace); err != nil {
			return nil, fmt.Errorf("plain apply: %w", err)
		}
		var tookOwn, tookPlain float64
		both, ctx := errgroup.WithContext(ctx)
		both.Go(func() (err error) {
			tookOwn, err = timed(ctx, func(ctx context.Context) error {
				answer, err := w.client.Deprovision(ctx, i)
				return want(answer, err, http.StatusOK)
			})
			return err
		})
		both.Go(func() (err error) {
			tookPlain, err = timed(ctx, func(ctx context.Context) error { return w.plain.remove(ctx, namespace) })
			return err
		})
		if err := both.Wait(); err != nil {
			return nil, err
		}
		own, plain = append(own, tookOwn/1000), append(plain, tookPlain/1000)
	}
	r := row{name: "delete of an instance with pods, answered in the request, median", value: median(own), unit: "s", n: deletes}.is(atMost(8)).
		note("%s to %s s; its namespace alone, deleted with the same objects in it: %s s; Kubernetes waits 5 s before it looks at one",
			figure(quantile(own, 0)), figure(quantile(own, 1)), figure(median(plain)))
	return []row{r}, nil
}

// remove deletes the namespace with all that is in it, and returns when it is gone.
func (p *plain) remove(ctx context.Context, namespace string) error {
	namespaces := p.kube.CoreV1().Namespaces()
	w, err := namespaces.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + namespace})
	if err == nil {
		err = namespaces.Delete(ctx, namespace, metav1.DeleteOptions{})
	}
	return until(ctx, w, err, func(event watch.Event) bool { return event.Type == watch.Deleted })
}
