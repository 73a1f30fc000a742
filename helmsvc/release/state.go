package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// state is what a release is in by its newest revision: one of these, whatever Helm
// and those who were killed have left.
type state int

const (
	absent      state = iota // there is no revision
	deployed                 // Helm was done with it
	installing               // whoever installed it was killed
	changing                 // whoever upgraded it or rolled it back was killed
	broken                   // it has failed, or is half gone
	uninstalled              // Helm has removed it and kept its records
)

// verb is what is to become of a release.
type verb int

const (
	install   verb = iota
	upgrade        // to another chart or other values
	rollBack       // to an earlier revision
	converge       // installed or upgraded, whichever it takes
	uninstall      // and its records with it
)

// intent is what is wanted of a release.
type intent struct {
	verb verb
	// revision is that to which it is rolled back.
	revision int
	// digest is the label of the chart on which it is to converge.
	digest string
}

// step is what is to be done first.
type step int

const (
	nothing step = iota // it is as it is wanted
	begin               // install it
	resume              // wait for what was being installed
	giveUp              // an earlier attempt is in the way: ErrLeftover
	refuse              // there is nothing to change
	change              // upgrade it or roll it back
	unlock              // take a killed process's mark off, and change it
	remove              // have Helm uninstall it
	sweep               // remove what Helm has left
)

// past are a release's revisions, the newest first.
type past []*release.Release

// past reads the release's records.
func (s *session) past(name string) (past, error) {
	revisions, err := s.Releases.History(name)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, fmt.Errorf("reading the state of release %s: %w", name, err)
	}
	slices.SortFunc(revisions, func(a, b *release.Release) int { return b.Version - a.Version })
	return revisions, nil
}

// next is what an intent comes to: the one place where Helm's states are judged.
func (p past) next(want intent) step {
	is := p.state()
	switch want.verb {
	case install:
		return map[state]step{absent: begin, deployed: nothing, installing: resume, changing: giveUp, broken: giveUp, uninstalled: giveUp}[is]
	case uninstall:
		return map[state]step{absent: nothing, deployed: remove, installing: remove, changing: remove, broken: remove, uninstalled: sweep}[is]
	case rollBack:
		if is == deployed && p[0].Version == want.revision {
			return nothing // an upgrade failed before it changed anything
		}
	case converge:
		if is == absent {
			return begin
		}
		if is == deployed && p[0].Labels[digestLabel] == want.digest {
			return nothing
		}
	}
	return map[state]step{absent: refuse, deployed: change, installing: unlock, changing: unlock, broken: change, uninstalled: change}[is]
}

func (p past) state() state {
	if len(p) == 0 {
		return absent
	}
	switch p[0].Info.Status {
	case release.StatusDeployed:
		return deployed
	case release.StatusPendingInstall:
		return installing
	case release.StatusPendingUpgrade, release.StatusPendingRollback:
		return changing
	case release.StatusUninstalled:
		return uninstalled
	}
	return broken
}

// running is the newest revision that is deployed; nil: none is.
func (p past) running() *release.Release {
	return p.first(func(r *release.Release) bool { return r.Info.Status == release.StatusDeployed })
}

// meant is the revision that is deployed or, where a killed process has left none, the
// newest that was meant to stay; nil: none was. Helm takes one's mark off before
// another has it. An upgrade that hasn't ended wasn't meant to stay; a rollback was,
// since it has what was before.
func (p past) meant() *release.Release {
	if running := p.running(); running != nil {
		return running
	}
	return p.first(func(r *release.Release) bool {
		return r.Info.Status == release.StatusSuperseded || strings.HasPrefix(r.Info.Description, "Rollback to ")
	})
}

func (p past) first(is func(*release.Release) bool) *release.Release {
	if at := slices.IndexFunc(p, is); at >= 0 {
		return p[at]
	}
	return nil
}

// toChange reads a release that is to be changed. One that a killed process left
// pending is marked as failed first: Helm takes it for somebody else's work in
// progress and refuses.
func (s *session) toChange(name string, want intent) (past, step, error) {
	p, err := s.past(name)
	if err != nil {
		return nil, nothing, err
	}
	next := p.next(want)
	if next == refuse {
		return nil, next, fmt.Errorf("the release %s is gone; delete the service instance", name)
	}
	if next == unlock {
		p[0].SetStatus(release.StatusFailed, p[0].Info.Description) // which tells a rollback from an upgrade
		if err := s.Releases.Update(p[0]); err != nil {
			return nil, next, fmt.Errorf("unlocking release %s: %w", name, err)
		}
	}
	return p, next, nil
}
