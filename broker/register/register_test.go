package register

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"syscall"
	"testing"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

func TestToAccess(t *testing.T) {
	orgs := map[string]string{"demo": "2", "team": "1"}
	for name, c := range map[string]struct {
		of      chart.Access
		want    access
		missing []string
	}{
		"all":               {chart.Access{}, access{kind: "public"}, nil},
		"none":              {chart.Access{Nobody: true}, access{kind: "admin"}, nil},
		"organizations":     {chart.Access{Organizations: []string{"demo", "team"}}, access{"organization", []string{"1", "2"}}, nil},
		"in other letters":  {chart.Access{Organizations: []string{"Demo", "DEMO"}}, access{"organization", []string{"2"}}, nil},
		"one isn't there":   {chart.Access{Organizations: []string{"x", "team"}}, access{"organization", []string{"1"}}, []string{"x"}},
		"none of them is":   {chart.Access{Organizations: []string{"x", "y"}}, access{kind: "admin"}, []string{"x", "y"}},
		"one is called all": {chart.Access{Organizations: []string{"all"}}, access{kind: "admin"}, []string{"all"}},
	} {
		if to, missing := toAccess(c.of, orgs); !to.equal(c.want) || !reflect.DeepEqual(missing, c.missing) {
			t.Errorf("%s: %+v, missing %v; want %+v, %v", name, to, missing, c.want, c.missing)
		}
	}
}

func TestPasses(t *testing.T) {
	failed := func(title string) error {
		return fmt.Errorf("x: %w", &cfapi.JobError{Errors: []resource.CloudFoundryError{{Title: title}}})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"connection refused":        {&url.Error{Op: "Get", Err: syscall.ECONNREFUSED}, true},
		"broken off":                {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true},
		"no answer in time":         {&url.Error{Op: "Get", Err: context.DeadlineExceeded}, true},
		"502":                       {&policy.Error{Status: 502}, true},
		"429":                       {&policy.Error{Status: 429}, true},
		"401":                       {&policy.Error{Status: 401}, false},
		"403":                       {&policy.Error{Status: 403}, false},
		"422":                       {&policy.Error{Status: 422, Message: "Url 'x' must be a valid url"}, false},
		"another changes it":        {&policy.Error{Status: 422, Message: "Cannot update a broker when other operation is already in progress (CF-UnprocessableEntity)"}, true},
		"another has created it":    {&policy.Error{Status: 422, Message: "Name must be unique (CF-UnprocessableEntity)"}, true},
		"instances in the way":      {&policy.Error{Status: 422, Message: "Can not remove brokers (CF-ServiceBrokerNotRemovable)"}, false},
		"404 of the router":         {&policy.Error{Status: 404, Message: "404 Not Found: Requested route ('api.x') does not exist."}, true},
		"404 of another server":     {&policy.Error{Status: 404, Message: "not found"}, false},
		"a redirect":                {&policy.Error{Status: 302}, false},
		"broker not reached yet":    {failed("CF-ServiceBrokerApiUnreachable"), true},
		"broker answers 503":        {failed("CF-ServiceBrokerBadResponse"), true},
		"broker refuses the login":  {failed("CF-ServiceBrokerApiAuthenticationFailed"), false},
		"catalog that isn't valid":  {failed("CF-ServiceBrokerCatalogInvalid"), false},
		"what CF says nothing of":   {failed("UnknownError"), false},
		"an answer that isn't JSON": {errors.New("the answer isn't valid JSON"), false},
	} {
		if got := passes(c.err); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestExplained(t *testing.T) {
	r := New(Settings{Name: "b", URL: "https://b.example.com"}, nil, Teller{})
	for _, title := range []string{"CF-ServiceBrokerApiUnreachable", "CF-ServiceBrokerApiAuthenticationFailed", "CF-ServiceBrokerRequestRejected", "CF-ServiceBrokerCatalogInvalid"} {
		of := &cfapi.JobError{GUID: "g", Operation: "service_broker.update", Errors: []resource.CloudFoundryError{{Title: title, Detail: "is invalid: \nno services\n"}}}
		told := r.explained(of).Error()
		if want := "the cloud controller's job g (service_broker.update) failed: is invalid: no services (" + title + "); "; len(told) <= len(want) || told[:len(want)] != want {
			t.Errorf("told %q", told)
		}
	}
}

// TestIsOurs: a broker that has moved is known by its plans, one whose charts are all new by its URL.
func TestIsOurs(t *testing.T) {
	const here = "https://b.example.com"
	of := func(ids ...string) []chart.Service {
		var s chart.Service
		for _, id := range ids {
			s.Plans = append(s.Plans, chart.Plan{ID: id})
		}
		return []chart.Service{s}
	}
	has := func(ids ...string) offers {
		all := offers{}
		for _, id := range ids {
			all[id] = offered{&resource.ServiceOffering{Name: "s"}, &resource.ServicePlan{Name: id}}
		}
		return all
	}
	for name, c := range map[string]struct {
		url  string
		has  offers
		ours bool
	}{
		"here, with other plans":      {here + "/", has("x"), true},
		"moved":                       {"https://old.example.com", has("x", "b"), true},
		"elsewhere, with other plans": {"https://old.example.com", has("x", "y"), false},
		"elsewhere, without plans":    {"https://old.example.com", has(), true},
	} {
		if err := isOurs(here, of("a", "b"), &resource.ServiceBroker{URL: c.url}, c.has); (err == nil) != c.ours {
			t.Errorf("%s: %v", name, err)
		}
	}
}
