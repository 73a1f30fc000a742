package release

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"
)

// was are revisions in these states, the newest first, of which the newest was made
// from the chart "same".
func was(states ...release.Status) past {
	var p past
	for i, s := range states {
		p = append(p, &release.Release{Version: len(states) - i, Labels: map[string]string{digestLabel: "same"}, Info: &release.Info{Status: s}})
	}
	return p
}

// TestNextStep is the whole of it: every state of Helm's under every verb.
func TestNextStep(t *testing.T) {
	none := release.Status("")
	verbs := []intent{{verb: install}, {verb: upgrade}, {verb: rollBack, revision: 1}, {verb: rollBack, revision: 2}, {verb: converge, digest: "same"}, {verb: converge, digest: "other"}, {verb: uninstall}}
	for newest, want := range map[release.Status][]step{
		none:                          {begin, refuse, refuse, refuse, begin, begin, nothing},
		release.StatusUnknown:         {giveUp, change, change, change, change, change, remove},
		release.StatusDeployed:        {nothing, change, change, nothing, nothing, change, remove},
		release.StatusUninstalled:     {giveUp, change, change, change, change, change, sweep},
		release.StatusSuperseded:      {giveUp, change, change, change, change, change, remove},
		release.StatusFailed:          {giveUp, change, change, change, change, change, remove},
		release.StatusUninstalling:    {giveUp, change, change, change, change, change, remove},
		release.StatusPendingInstall:  {resume, unlock, unlock, unlock, unlock, unlock, remove},
		release.StatusPendingUpgrade:  {giveUp, unlock, unlock, unlock, unlock, unlock, remove},
		release.StatusPendingRollback: {giveUp, unlock, unlock, unlock, unlock, unlock, remove},
		release.Status("yet another"): {giveUp, change, change, change, change, change, remove},
	} {
		p := was(newest, release.StatusSuperseded)
		if newest == none {
			p = nil
		}
		for i, verb := range verbs {
			if got := p.next(verb); got != want[i] {
				t.Errorf("newest %q, %+v: step %d, want %d", newest, verb, got, want[i])
			}
		}
	}
}

// TestMeantRevision finds what an update goes back to, whatever a kill has left.
func TestMeantRevision(t *testing.T) {
	back := was(release.StatusFailed, release.StatusSuperseded)
	back[0].Info.Description = "Rollback to 1"
	for name, c := range map[string]struct {
		is   past
		want int // 0: none
	}{
		"none":                {nil, 0},
		"deployed":            {was(release.StatusDeployed, release.StatusSuperseded), 2},
		"upgrade failed":      {was(release.StatusFailed, release.StatusDeployed, release.StatusSuperseded), 2},
		"two deployed":        {was(release.StatusDeployed, release.StatusDeployed), 2},
		"mark taken off":      {was(release.StatusPendingUpgrade, release.StatusSuperseded, release.StatusSuperseded), 2},
		"rollback was killed": {back, 2},
		"never ready":         {was(release.StatusFailed), 0},
	} {
		got := c.is.meant()
		if got == nil && c.want != 0 || got != nil && got.Version != c.want {
			t.Errorf("%s: revision %+v, want %d", name, got, c.want)
		}
	}
}
