package pollnow

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// patience is how long one poll may take: 0.13 to 0.74 s were measured.
const patience = 20 * time.Second

// Ask has the policy agent at url poll once (vxlan-policy-agent, silk-release
// v3.53.0: handlers/force_policy_poll_cycle.go), which answers when the poll is
// done. The error says whether it can't be asked or couldn't poll, and what to do.
func Ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the node's policy agent can't be asked to poll: %w; start vxlan-policy-agent on this node, or correct --poll-url", err)
	}
	defer func() { _ = response.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the node's policy agent couldn't poll: %s %s; see its log", response.Status, strings.TrimSpace(string(said)))
	}
	return nil
}
