package cf

import (
	"context"
	"fmt"
)

// appsPerQuestion is how many GUIDs the policy server asks the cloud controller
// about at a time.
const appsPerQuestion = 100

// Cleanup does what a policy server does once an hour: it deletes every policy
// whose source or destination isn't an app and returns them. When UAA or the
// cloud controller fails, it deletes nothing and returns the failure.
func (s *Server) Cleanup() ([]Policy, error) { return s.cleanup(s.ctx, "") }

func (s *Server) cleanup(ctx context.Context, client string) ([]Policy, error) {
	policies := s.Policies()
	if err := s.faults.internal(ctx, UAA, "POST /uaa/oauth/token"); err != nil {
		return nil, fmt.Errorf("get UAA token failed: %w", err)
	}
	for asked := 0; asked < len(ids(policies)); asked += appsPerQuestion {
		if err := s.faults.internal(ctx, CC, "GET /v3/apps"); err != nil {
			return nil, fmt.Errorf("get app guids from Cloud-Controller failed: %w", err)
		}
	}
	var stale []Policy
	for _, p := range policies {
		_, source := s.cc.app(p.Source.ID)
		_, destination := s.cc.app(p.Destination.ID)
		if !source || !destination {
			stale = append(stale, p)
		}
	}
	if len(stale) == 0 {
		return nil, nil
	}
	if err := s.policies.write(Cleanup, client, stale); err != nil {
		return nil, fmt.Errorf("database write failed: %w", err)
	}
	return stale, nil
}
