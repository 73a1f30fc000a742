package helmsvc_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

const claimSpec = "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}"

// claimOf finds the claim that an error names first.
var claimOf = regexp.MustCompile(`(data-s-\d|p)\b`)

func claimNamed(name string) string { return object("v1", "PersistentVolumeClaim", name, claimSpec) }

// setOf is a StatefulSet with a claim for each pod, and this retention policy.
func setOf(replicas, retention string) string {
	return object("apps/v1", "StatefulSet", "s", "{serviceName: s, replicas: "+replicas+", persistentVolumeClaimRetentionPolicy: "+retention+
		", selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: s, image: 'example/s:1'}]}}"+
		", volumeClaimTemplates: [{metadata: {name: data}, spec: "+claimSpec+"}]}")
}

// TestDataLoss refuses updates that delete claims with data, before anything is
// changed, unless the plan allows it.
func TestDataLoss(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		want          string // empty: no data goes
	}{
		"claim":              {claimNamed("p"), "", "PersistentVolumeClaim p (the chart no longer has it);"},
		"another name":       {claimNamed("p"), claimNamed("q"), "p (the chart no longer has it)"},
		"the same":           {claimNamed("p"), claimNamed("p"), ""},
		"kept":               {keeping(claimNamed("p")), "", ""},
		"hook":               {hooked(claimNamed("p"), `"pre-install,pre-upgrade"`), hooked(claimNamed("p"), `"pre-install,pre-upgrade"`), "p (a hook makes it anew)"},
		"install hook":       {hooked(claimNamed("p"), "pre-install"), hooked(claimNamed("p"), "pre-install"), ""},
		"set that goes":      {setOf("1", "{whenDeleted: Delete}"), "", "data-s-0 (it goes with the StatefulSet s)"},
		"set that leaves":    {setOf("1", "{whenDeleted: Retain}"), "", ""},
		"fewer pods":         {setOf("2", "{}"), setOf("1", "{whenScaled: Delete}"), "PersistentVolumeClaim data-s-1 (it goes with a pod of the StatefulSet s);"},
		"fewer pods, kept":   {setOf("2", "{whenDeleted: Delete}"), setOf("1", "{whenDeleted: Delete}"), ""},
		"the same pods":      {setOf("1", "{whenScaled: Delete}"), setOf("1", "{whenScaled: Delete}"), ""},
		"more pods than had": {setOf("1", "{whenScaled: Delete}"), setOf("2", "{whenScaled: Delete}"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			if err := p.Install(t.Context(), p.target, rendered(string(saying("old").Chart.Templates[0].Data), c.before), nil); err != nil {
				t.Fatal(err)
			}
			if c.want != "" {
				p.bound(claimOf.FindString(c.want)) // no data is in one that isn't
			}
			update := rendered(string(saying("new").Chart.Templates[0].Data), c.after)
			err := p.Upgrade(t.Context(), p.target, update, nil)
			var lost *manifest.DataLossError
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
				return
			case !errors.As(err, &lost) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "may_delete_data"):
				t.Fatalf("error %v", err)
			case p.said(t) != "old" || len(p.releases()) != 1:
				t.Error("something was changed all the same")
			}
			update.MayDeleteData = true
			if err := p.Upgrade(t.Context(), p.target, update, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
}
