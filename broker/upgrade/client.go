package upgrade

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client asks a running broker, by OSBAPI.
type Client struct {
	// URL is the broker's, without /v2.
	URL      string
	User     string
	Password string
	HTTP     *http.Client
	// Poll is the time between two looks at an operation.
	Poll time.Duration
	// Patience is how long a broker that doesn't answer, or says that what is wrong may
	// pass, is asked again: longer than another replica takes to lead.
	Patience time.Duration
}

// longestAnswer bounds what is read of an answer. A catalog is the longest.
const longestAnswer = 64 << 20

// Offered is what the broker offers. It asks once: what doesn't answer now is rather
// another address than a broker that is about to.
func (c *Client) Offered(ctx context.Context) (Offer, error) {
	var catalog struct {
		Services []struct {
			Name  string `json:"name"`
			Plans []struct {
				ID       string `json:"id"`
				Name     string `json:"name"`
				Metadata struct {
					Upgrade string `json:"upgrade"`
				} `json:"metadata"`
				MaintenanceInfo struct {
					Version string `json:"version"`
				} `json:"maintenance_info"`
			} `json:"plans"`
		} `json:"services"`
	}
	if err := c.send(ctx, http.MethodGet, "/v2/catalog", nil, &catalog); err != nil {
		return nil, fmt.Errorf("reading the catalog of the running broker at %s: %w", c.URL, err)
	}
	offer := Offer{}
	for _, s := range catalog.Services {
		for _, p := range s.Plans {
			offer[p.ID] = Plan{Service: s.Name, Name: p.Name, Version: p.MaintenanceInfo.Version, Holds: p.Metadata.Upgrade == "hold"}
		}
	}
	return offer, nil
}

// What keeps an instance from the version, and is no failure of that.
var (
	// ErrUnderWay says that an upgrade was asked for, and how it ended isn't known.
	ErrUnderWay = errors.New("it is under way, and the broker goes on with it")
	// ErrDeleted says that there is no such instance any more.
	ErrDeleted = errors.New("it was deleted meanwhile")
	// ErrBusy says that something else runs on the instance.
	ErrBusy = errors.New("it is busy")
)

// Upgrade brings an instance to the version, and waits until it is there. The error
// is the broker's own words, as a developer would see them, or ErrDeleted, ErrBusy, or
// ErrUnderWay: once ctx has ended, or if the broker doesn't answer any more.
func (c *Client) Upgrade(ctx context.Context, s Step) error {
	path := "/v2/service_instances/" + url.PathEscape(s.Instance.ID)
	body := map[string]any{"service_id": s.Instance.ServiceID, "maintenance_info": map[string]string{"version": s.To}}
	var begun struct {
		Operation string `json:"operation"`
	}
	// Whoever interrupts it wants to know whether it was begun.
	if err := c.retried(context.WithoutCancel(ctx), http.MethodPatch, path+"?accepts_incomplete=true", body, &begun); err != nil {
		return meaning(err)
	}
	if begun.Operation == "" {
		return nil // done at once
	}
	return c.await(ctx, path+"/last_operation?operation="+url.QueryEscape(begun.Operation))
}

func (c *Client) await(ctx context.Context, path string) error {
	for {
		var now struct {
			State       string `json:"state"`
			Description string `json:"description"`
		}
		err := c.retried(ctx, http.MethodGet, path, nil, &now)
		switch {
		case ctx.Err() != nil:
			return ErrUnderWay
		case err != nil && passes(err):
			return fmt.Errorf("%w once it answers: %w", ErrUnderWay, err)
		case err != nil:
			return meaning(err)
		case now.State == "succeeded":
			return nil
		case now.State == "failed":
			return errors.New(now.Description)
		}
		if pause(ctx, c.Poll) != nil {
			return ErrUnderWay
		}
	}
}

// meaning is what it means that a request about an instance didn't succeed.
func meaning(err error) error {
	var refused *refusal
	switch {
	case !errors.As(err, &refused): // it may have come to the broker
		return fmt.Errorf("%w if it has heard of it: %w", ErrUnderWay, err)
	case refused.status == http.StatusGone || refused.status == http.StatusNotFound:
		return ErrDeleted
	case refused.word == "ConcurrencyError":
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// passes tells whether another try may succeed.
func passes(err error) bool {
	var refused *refusal
	return !errors.As(err, &refused) || refused.passing()
}

// refusal is an answer that isn't a success.
type refusal struct {
	status      int
	word        string // OSBAPI's "error"
	description string
	after       time.Duration // Retry-After
}

// passing tells whether another try may succeed: the broker is busy, or a proxy before
// it finds none at the moment. An instance that is busy with something else is waited for.
func (r *refusal) passing() bool {
	switch r.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	}
	return r.word == "ConcurrencyError"
}

func (r *refusal) Error() string {
	if r.description == "" {
		return fmt.Sprintf("the broker answered with status %d", r.status)
	}
	return r.description
}

// retried sends a request, again where its answer may pass.
func (c *Client) retried(ctx context.Context, method, path string, body, answer any) error {
	limit := time.Now().Add(c.Patience)
	for {
		err := c.send(ctx, method, path, body, answer)
		if err == nil || !passes(err) || time.Now().After(limit) || ctx.Err() != nil {
			return err
		}
		wait := c.Poll
		var refused *refusal
		if errors.As(err, &refused) {
			wait = max(wait, min(refused.after, c.Patience/4))
		}
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

func (c *Client) send(ctx context.Context, method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.SetBasicAuth(c.User, c.Password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("Content-Type", "application/json")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return refused(response, read)
	}
	if err := json.Unmarshal(read, answer); err != nil {
		return fmt.Errorf("what answered isn't the broker, but something else: %w", err)
	}
	return nil
}

func refused(response *http.Response, body []byte) error {
	r := &refusal{status: response.StatusCode}
	var told struct {
		Word        string `json:"error"`
		Description string `json:"description"`
	}
	if json.Unmarshal(body, &told) == nil {
		r.word, r.description = told.Word, told.Description
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		r.after = time.Duration(seconds) * time.Second
	}
	if response.StatusCode == http.StatusUnauthorized {
		r.description = "the broker refuses the login; SECURITY_USER_NAME and SECURITY_USER_PASSWORD, or CREDENTIALS_FILE, have to be the running broker's"
	}
	return r
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
