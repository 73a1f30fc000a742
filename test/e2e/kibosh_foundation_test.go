package e2e

import (
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// wantKiboshIDs fails unless the catalog has the ids that Kibosh gave.
func (f *foundation) wantKiboshIDs(i rig.Instance) {
	f.t.Helper()
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(i.Service.Name)).String()
	if i.Service.ID != id || i.Plan.ID != id+"-"+i.Plan.Name {
		f.t.Errorf("the ids are %s and %s, Kibosh's are %s and %s-%s", i.Service.ID, i.Plan.ID, id, id, i.Plan.Name)
	}
}

// wantOverlayPod fails unless the host is the address of the instance's pod
// with such a name, and returns the release's name.
func (f *foundation) wantOverlayPod(i rig.Instance, host, name string) (release string) {
	f.t.Helper()
	ip, err := netip.ParseAddr(host)
	if err != nil || !netip.MustParsePrefix("10.255.0.0/16").Contains(ip) {
		f.t.Fatalf("the host %q isn't on the overlay", host)
	}
	for _, pod := range f.pods(i) {
		if pod.Status.PodIP != host {
			continue
		}
		if !strings.Contains(pod.Name, name) {
			f.t.Errorf("the host is pod %s's, want one with %s in its name", pod.Name, name)
		}
		return pod.Name[:len("k-xxxxxxxx")]
	}
	f.t.Fatalf("the host %s is no pod's of the instance", host)
	return ""
}
