package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// deleteService unbinds the last app, deletes the instance and shows that
// nothing is left of it.
func (d *demo) deleteService(ctx context.Context) error {
	if err := d.unbind(ctx, d.jobsBinding, d.jobs); err != nil {
		return err
	}
	d.out.command("cf delete-service %s -f", redisName)
	if err := d.delete(ctx, d.redis); err != nil {
		return err
	}
	return d.wantNothingOf(ctx, d.redis)
}

// delete deletes an instance. The broker answers when it is gone, unless that takes
// longer than DELETE_WAIT.
func (d *demo) delete(ctx context.Context, i rig.Instance) error {
	answer, err := d.Deprovision(ctx, i)
	return d.deleted(ctx, i, answer, err)
}

// deleted waits until an instance is gone whose delete was answered so.
func (d *demo) deleted(ctx context.Context, i rig.Instance, answer rig.Answer, err error) error {
	if err == nil && answer.Status == http.StatusOK {
		d.show(rig.Operation{State: gone, Description: "the broker answers 200 OK"})
		return nil
	}
	if answer, err = want(http.StatusAccepted, answer, err); err != nil {
		return err
	}
	return d.await(ctx, i, answer.Operation(), gone)
}

// wantNothingOf shows what is left of an instance and fails if anything stays.
// The records of what was revoked go when the broker has seen the policies gone.
func (d *demo) wantNothingOf(ctx context.Context, i rig.Instance) error {
	var left string
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		namespaces, records, policies, err := d.leftOf(ctx, i)
		left = fmt.Sprintf("%d namespaces, %d records of the broker, %d policies", namespaces, records, policies)
		return namespaces+records+policies == 0, err
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("%s are left of the instance", left)
	}
	if err != nil {
		return err
	}
	d.out.note("Left of it: %s.", left)
	return nil
}

func (d *demo) leftOf(ctx context.Context, i rig.Instance) (namespaces, records, policies int, err error) {
	left, err := d.kube.CoreV1().Namespaces().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + namespaceOf(i)})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("looking for the namespace: %w", err)
	}
	secrets, err := d.kube.CoreV1().Secrets(brokerNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("looking for the broker's records: %w", err)
	}
	for _, secret := range secrets.Items {
		if strings.Contains(secret.Name, i.ID) {
			records++
		}
	}
	for _, p := range d.cf.Policies() {
		if p.Destination.ID == i.ID {
			policies++
		}
	}
	return len(left.Items), records, policies, nil
}
