package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// brokenService makes an instance whose image can't be pulled, waits until the
// developer is told so, and deletes it while the create still runs.
func (d *demo) brokenService(ctx context.Context) error {
	d.out.command("cf create-service echo %s broken", brokenPlan)
	broken, err := d.instance("echo", brokenPlan)
	if err != nil {
		return err
	}
	answer, err := d.Provision(ctx, broken, nil)
	if answer, err = want(http.StatusAccepted, answer, err); err != nil {
		return err
	}
	creating := answer.Operation()
	if err := d.awaitReason(ctx, broken, creating, brokenImage); err != nil {
		return err
	}
	d.out.note("`cf service broken` shows this while the broker goes on waiting, until its time limit makes it a failure with the same reason. The developer needn't wait for that:")

	d.out.command("cf delete-service broken -f")
	answered := d.deprovisionBeside(ctx, broken)
	d.out.note("The create ends at once:")
	if err := d.await(ctx, broken, creating, "failed"); err != nil {
		return err
	}
	d.out.note("And the delete takes what was there already:")
	if err := answered(); err != nil {
		return err
	}
	return d.wantNothingOf(ctx, broken)
}

// deprovisionBeside deletes an instance while its create is shown. What it returns waits
// for the answer, and shows both then: one writes at a time.
func (d *demo) deprovisionBeside(ctx context.Context, i rig.Instance) (answered func() error) {
	var answer rig.Answer
	var err error
	client, done := d.broker.Client(), make(chan struct{})
	go func() {
		defer close(done)
		answer, err = client.Deprovision(ctx, i)
	}()
	return func() error {
		<-done
		if err == nil {
			d.out.request("DELETE /v2/service_instances/"+short(i.ID), status(answer.Status))
		}
		return d.deleted(ctx, i, answer, err)
	}
}

// awaitReason shows an operation's progress until its description names the
// image that can't be pulled.
func (d *demo) awaitReason(ctx context.Context, i rig.Instance, operation, image string) error {
	ctx, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	told := false
	o, err := d.Await(ctx, i, operation, func(o rig.Operation) {
		d.show(o)
		if strings.Contains(o.Description, "can't pull its image "+image) {
			told = true
			cancel()
		}
	})
	if told {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the create ended as %q without saying that the image can't be pulled: %s", o.State, o.Description)
}
