package rig

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Client speaks OSBAPI.
type Client struct {
	URL      string
	Username string
	Password string
	HTTP     *http.Client
}

// insecureClient accepts the certificates that tests make for themselves.
func insecureClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	transport.MaxIdleConnsPerHost = 100
	return &http.Client{Transport: transport}
}

// Answer is what the broker answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body's JSON into value.
func (a Answer) Decode(value any) error {
	if err := json.Unmarshal(a.Body, value); err != nil {
		return fmt.Errorf("the answer (status %d) isn't the JSON expected: %w: %.300s", a.Status, err, a.Body)
	}
	return nil
}

// Description is the answer's "description".
func (a Answer) Description() string {
	var body struct {
		Description string `json:"description"`
	}
	_ = json.Unmarshal(a.Body, &body)
	return body.Description
}

// Operation is the answer's "operation".
func (a Answer) Operation() string {
	var body struct {
		Operation string `json:"operation"`
	}
	_ = json.Unmarshal(a.Body, &body)
	return body.Operation
}

// Send sends a request with the headers that a platform sends. body is
// marshalled to JSON unless it is nil or []byte.
func (c *Client) Send(ctx context.Context, method, path string, body any) (Answer, error) {
	var text []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		text = b
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			return Answer{}, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(text))
	if err != nil {
		return Answer{}, err
	}
	request.SetBasicAuth(c.Username, c.Password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("Content-Type", "application/json")
	return c.Do(request)
}

// Do sends a request as it is.
func (c *Client) Do(request *http.Request) (Answer, error) {
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: text}, err
}

// Catalog is what GET /v2/catalog answers, as far as callers use it.
type Catalog struct {
	Services []Service `json:"services"`
}

// Service is a service of the catalog.
type Service struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Bindable    bool           `json:"bindable"`
	Tags        []string       `json:"tags"`
	Metadata    map[string]any `json:"metadata"`
	Plans       []Plan         `json:"plans"`
}

// Plan is a plan of a service.
type Plan struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Free        *bool  `json:"free"`
	Bindable    *bool  `json:"bindable"`
	Schemas     any    `json:"schemas"`
}

// Catalog fetches the catalog.
func (c *Client) Catalog(ctx context.Context) (Catalog, error) {
	var catalog Catalog
	answer, err := c.Send(ctx, http.MethodGet, "/v2/catalog", nil)
	if err != nil {
		return catalog, err
	}
	return catalog, answer.Decode(&catalog)
}

// Find returns a service's plan by their names.
func (c Catalog) Find(service, plan string) (Service, Plan, error) {
	for _, s := range c.Services {
		for _, p := range s.Plans {
			if s.Name == service && p.Name == plan {
				return s, p, nil
			}
		}
	}
	return Service{}, Plan{}, fmt.Errorf("the catalog has no plan %s of a service %s", plan, service)
}

// Instance is a service instance that a client asks for.
type Instance struct {
	ID      string
	Service Service
	Plan    Plan
	Space   string // its GUID; "": the one that most tests are in
}

// Namespace is where a broker with the prefix has it live.
func (i Instance) Namespace(prefix string) string { return tenant.TargetOf(prefix, i.ID).Namespace }

func (i Instance) path() string { return "/v2/service_instances/" + i.ID }

func (i Instance) query() string {
	return url.Values{"service_id": {i.Service.ID}, "plan_id": {i.Plan.ID}, "accepts_incomplete": {"true"}}.Encode()
}

// Provision asks for the instance, as `cf create-service` does.
func (c *Client) Provision(ctx context.Context, i Instance, parameters any) (Answer, error) {
	return c.Send(ctx, http.MethodPut, i.path()+"?accepts_incomplete=true", map[string]any{
		"service_id":        i.Service.ID,
		"plan_id":           i.Plan.ID,
		"organization_guid": "0a1b2c3d-0000-4000-8000-000000000001",
		"space_guid":        cmp.Or(i.Space, "0a1b2c3d-0000-4000-8000-000000000002"),
		"context":           map[string]any{"platform": "cloudfoundry", "instance_name": "test"},
		"parameters":        parameters,
	})
}

// Update asks for a change of the instance; body holds what OSBAPI's PATCH
// takes beside service_id.
func (c *Client) Update(ctx context.Context, i Instance, body map[string]any) (Answer, error) {
	whole := map[string]any{"service_id": i.Service.ID}
	maps.Copy(whole, body)
	return c.Send(ctx, http.MethodPatch, i.path()+"?accepts_incomplete=true", whole)
}

// Fetch gets the instance.
func (c *Client) Fetch(ctx context.Context, i Instance) (Answer, error) {
	return c.Send(ctx, http.MethodGet, i.path(), nil)
}

// FetchBinding gets a binding.
func (c *Client) FetchBinding(ctx context.Context, i Instance, binding string) (Answer, error) {
	return c.Send(ctx, http.MethodGet, i.path()+"/service_bindings/"+binding, nil)
}

// Deprovision asks for the instance to be deleted.
func (c *Client) Deprovision(ctx context.Context, i Instance) (Answer, error) {
	return c.Send(ctx, http.MethodDelete, i.path()+"?"+i.query(), nil)
}

// Operation is what last_operation answers.
type Operation struct {
	State       string `json:"state"`
	Description string `json:"description"`
}

// LastOperation polls an operation once.
func (c *Client) LastOperation(ctx context.Context, i Instance, operation string) (Answer, Operation, error) {
	query := i.query()
	if operation != "" {
		query += "&" + url.Values{"operation": {operation}}.Encode()
	}
	answer, err := c.Send(ctx, http.MethodGet, i.path()+"/last_operation?"+query, nil)
	if err != nil || answer.Status != http.StatusOK {
		return answer, Operation{}, err
	}
	var o Operation
	return answer, o, answer.Decode(&o)
}

// Await polls until the operation has ended, as a platform does. An instance
// that is gone counts as "gone". seen hears each new description.
func (c *Client) Await(ctx context.Context, i Instance, operation string, seen func(Operation)) (Operation, error) {
	var last Operation
	for {
		answer, o, err := c.LastOperation(ctx, i, operation)
		switch {
		case err != nil:
			return o, fmt.Errorf("polling instance %s: %w", i.ID, err)
		case answer.Status == http.StatusGone:
			return Operation{State: "gone"}, nil
		case answer.Status != http.StatusOK:
			return o, fmt.Errorf("polling instance %s: status %d: %s", i.ID, answer.Status, answer.Body)
		}
		if o != last && seen != nil {
			seen(o)
		}
		if last = o; o.State != "in progress" {
			return o, nil
		}
		select {
		case <-ctx.Done():
			return o, fmt.Errorf("instance %s is still %q (%s): %w", i.ID, o.State, o.Description, ctx.Err())
		case <-time.After(50 * time.Millisecond): // polling is what OSBAPI offers
		}
	}
}

// Bind binds an app, or makes a service key if app is empty.
func (c *Client) Bind(ctx context.Context, i Instance, binding, app string) (Answer, error) {
	body := map[string]any{"service_id": i.Service.ID, "plan_id": i.Plan.ID}
	if app != "" {
		body["app_guid"] = app
		body["bind_resource"] = map[string]any{"app_guid": app}
	}
	return c.Send(ctx, http.MethodPut, i.path()+"/service_bindings/"+binding, body)
}

// Unbind deletes a binding.
func (c *Client) Unbind(ctx context.Context, i Instance, binding string) (Answer, error) {
	return c.Send(ctx, http.MethodDelete, i.path()+"/service_bindings/"+binding+"?"+i.query(), nil)
}
