package silk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

// agent polls the policy server, at intervals and when asked, and writes what that
// means into the node's rules. A server that doesn't answer changes nothing.
type agent struct {
	node   *Node
	server *http.Server
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex // one poll at a time
	rules string     // as written last
}

// startAgent starts the node's policy agent, unless it runs.
func (n *Node) startAgent() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.agent != nil {
		return nil
	}
	listener, err := n.Listen("tcp", pollPort)
	if err != nil {
		return fmt.Errorf("starting the policy agent: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &agent{node: n, cancel: cancel}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /force-policy-poll-cycle", func(w http.ResponseWriter, r *http.Request) {
		if err := a.poll(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	a.done.Go(func() { _ = a.server.Serve(listener) }) // http.ErrServerClosed
	a.done.Go(func() { a.loop(ctx) })
	n.agent = a
	return nil
}

// stopAgent ends the node's policy agent. Its rules stay.
func (n *Node) stopAgent() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.agent == nil {
		return
	}
	n.agent.cancel()
	_ = n.agent.server.Close()
	n.agent.done.Wait()
	n.agent = nil
}

func (a *agent) loop(ctx context.Context) {
	tick := time.NewTicker(a.node.overlay.options.PollInterval)
	defer tick.Stop()
	for {
		_ = a.poll(ctx) // the next one may have more luck
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *agent) poll(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	containers, err := a.node.store.All()
	if err != nil {
		return err
	}
	policies, err := a.policies(ctx, containers)
	if err != nil {
		return err
	}
	rules := dataplane.PolicyRules(policies, containers)
	if rules == a.rules {
		return nil
	}
	if err := a.node.restore(rules); err != nil {
		return fmt.Errorf("writing the policies' rules: %w", err)
	}
	a.rules = rules
	return nil
}

// policies are those of the groups of the node's containers.
func (a *agent) policies(ctx context.Context, containers []dataplane.Container) ([]cf.Policy, error) {
	var groups []string
	for _, c := range containers {
		if c.Group != "" {
			groups = append(groups, c.Group)
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := a.node.overlay.options.PolicyServer + "/networking/v1/internal/policies?id=" + url.QueryEscape(strings.Join(groups, ","))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for policies: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Policies []cf.Policy `json:"policies"`
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for policies: %s", answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	return body.Policies, nil
}

// PollNow asks the node's policy agent to poll, from the node, and returns when it has.
func (n *Node) PollNow(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: n.Dial}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+pollPort+"/force-policy-poll-cycle", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking %s for a poll: %w", n.Name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s for a poll: %s", n.Name, answer.Status)
	}
	return nil
}
