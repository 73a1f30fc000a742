package cf

import (
	"maps"
	"slices"
	"sync"
)

// policyStore is the policy server's database. Each call is one transaction.
type policyStore struct {
	mu   sync.Mutex
	rows map[Policy]bool
	tags *tags
	log  []Write
}

func newPolicyStore(tagLength int) *policyStore {
	return &policyStore{rows: map[Policy]bool{}, tags: newTags(tagLength)}
}

// write carries a change out and notes it. It changes all or, with an error, none.
func (s *policyStore) write(op Op, client string, policies []Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, err := s.change(op, policies)
	if err != nil {
		return err
	}
	s.log = append(s.log, Write{Op: op, Client: client, Policies: policies, Changed: changed})
	return nil
}

// change says whether any policy came or went. The caller holds the lock.
func (s *policyStore) change(op Op, policies []Policy) (bool, error) {
	if op == Create {
		return s.create(policies)
	}
	return s.delete(policies), nil
}

func (s *policyStore) create(policies []Policy) (changed bool, err error) {
	if !s.tags.hasRoomFor(ids(policies)) {
		return false, errNoTag
	}
	for _, p := range policies {
		if s.rows[p] {
			continue
		}
		s.rows[p] = true
		s.tags.use(p.Source.ID)
		s.tags.use(p.Destination.ID)
		changed = true
	}
	return changed, nil
}

// delete removes policies with the exact protocol and range of ports only.
func (s *policyStore) delete(policies []Policy) (changed bool) {
	for _, p := range policies {
		if !s.rows[p] {
			continue
		}
		delete(s.rows, p)
		s.tags.release(p.Source.ID)
		s.tags.release(p.Destination.ID)
		changed = true
	}
	return changed
}

// where are the policies that match, sorted. A real server's order is its
// database's.
func (s *policyStore) where(match func(Policy) bool) []Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Policy{}
	for p := range maps.Keys(s.rows) {
		if match(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, comparePolicies)
	return found
}

func (s *policyStore) allTags() []tag {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tags.all()
}

func anyPolicy(Policy) bool { return true }

// Policies are the policies now, sorted.
func (s *Server) Policies() []Policy { return s.policies.where(anyPolicy) }

// AddPolicies adds policies behind every client's back, unvalidated. It fails
// when no tag is free for one of their ids.
func (s *Server) AddPolicies(policies ...Policy) error {
	s.policies.mu.Lock()
	defer s.policies.mu.Unlock()
	_, err := s.policies.create(policies)
	return err
}

// DeletePolicies removes policies behind every client's back, as an operator
// with cf remove-network-policy would.
func (s *Server) DeletePolicies(policies ...Policy) {
	s.policies.mu.Lock()
	defer s.policies.mu.Unlock()
	s.policies.delete(policies)
}
