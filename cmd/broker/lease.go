package main

import (
	"fmt"
	"os"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/broker/worker"
)

// newLease returns the Lease that replicas share.
func newLease(s settings, config *rest.Config) (worker.Lease, error) {
	// Renewing must not wait behind the requests of a hundred operations.
	config = rest.CopyConfig(config)
	config.RateLimiter = nil
	client, err := coordinationv1.NewForConfig(config)
	if err != nil {
		return worker.Lease{}, fmt.Errorf("building the client for the Lease: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "replica"
	}
	return worker.Lease{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: s.BrokerNamespace, Name: check.Lease},
			Client:     client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + uuid.NewString()},
		},
		Duration: s.LeaseDuration,
		Renew:    s.LeaseRenew,
		Retry:    s.LeaseRetry,
	}, nil
}
