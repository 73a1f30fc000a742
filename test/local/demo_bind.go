package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// closedDoor shows that a service is closed until it is bound.
func (d *demo) closedDoor(ctx context.Context) error { return d.wantPolicies(ctx) }

// bindFirst binds an app and shows what it gets.
func (d *demo) bindFirst(ctx context.Context) error {
	credentials, err := d.bind(ctx, d.webBinding, d.web)
	if err != nil {
		return err
	}
	if all, ok := credentials.(map[string]any); ok {
		d.host, _ = all["host"].(string)
	}
	d.out.note("The app's credentials:")
	if err := d.showCredentials(credentials); err != nil {
		return err
	}
	if err := d.wantPolicies(ctx, d.web); err != nil {
		return err
	}
	d.out.note("This is what enable_access.sh did by hand. The broker did it within the bind, with the one request to the policy API above.")
	return nil
}

// bindSecond binds another app to the same instance.
func (d *demo) bindSecond(ctx context.Context) error {
	if _, err := d.bind(ctx, d.jobsBinding, d.jobs); err != nil {
		return err
	}
	return d.wantPolicies(ctx, d.web, d.jobs)
}

// unbindFirst unbinds the first app. The second keeps its access.
func (d *demo) unbindFirst(ctx context.Context) error {
	if err := d.unbind(ctx, d.webBinding, d.web); err != nil {
		return err
	}
	if err := d.wantPolicies(ctx, d.jobs); err != nil {
		return err
	}
	d.out.note("This is what disable_access.sh did by hand.")
	return nil
}

// bind binds the app and fails unless that took one write to the policy API.
func (d *demo) bind(ctx context.Context, binding string, app cf.App) (credentials any, err error) {
	d.out.command("cf bind-service %s %s", app.Name, redisName)
	before := d.cf.Requests()
	answer, err := d.Bind(ctx, d.redis, binding, app.GUID)
	if answer, err = want(http.StatusCreated, answer, err); err != nil {
		return nil, err
	}
	var body struct {
		Credentials any `json:"credentials"`
	}
	if err := answer.Decode(&body); err != nil {
		return nil, err
	}
	return body.Credentials, d.wantOne(policiesRoute, before)
}

func (d *demo) unbind(ctx context.Context, binding string, app cf.App) error {
	d.out.command("cf unbind-service %s %s", app.Name, redisName)
	before := d.cf.Requests()
	answer, err := d.Unbind(ctx, d.redis, binding)
	if _, err = want(http.StatusOK, answer, err); err != nil {
		return err
	}
	return d.wantOne(policiesRoute+"/delete", before)
}

const policiesRoute = "POST /networking/v1/external/policies"

// wantOne shows what the broker asked of the policy API, and fails unless it
// asked once since the requests were counted.
func (d *demo) wantOne(route string, before map[string]int) error {
	asked := d.cf.Requests()[route] - before[route]
	if asked != 1 {
		return fmt.Errorf("the policy API was asked %d times instead of once: %s", asked, route)
	}
	d.out.request(route, "by the broker")
	return nil
}
