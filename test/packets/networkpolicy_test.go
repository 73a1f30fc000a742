package packets

import (
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// TestNetworkPolicies is the article's where apps are pods: denied, bound, answered,
// unbound, denied. It also tells who and what else is let through, which is nobody.
func TestNetworkPolicies(t *testing.T) {
	f := newPlain(t)
	one, other := f.create(), f.create()
	page, db := f.pod(one, "web"), f.pod(one, "db")
	foreign := f.pod(other, "web")
	web, app := f.podApp()
	jobs, otherApp := f.podApp()
	staging := f.podOf(appsNamespace, web, "staging")
	f.openSideDoor(page)
	tenants := f.makeNamespace(nil)
	liar, open := f.podOf(tenants, web, "app"), f.podOf(tenants, jobs, "app")

	// These show that packets are lost for no other reason than policies.
	f.opens(way{page, db, dbPort})
	f.opens(way{db, page, webPort})
	f.opens(way{db, page, sideDoor})
	f.opens(way{liar, open, webPort})
	f.shut(map[string]way{
		"an app before its bind":             {app, page, webPort},
		"its other port":                     {app, db, dbPort},
		"what apps aren't let out to":        {app, open, webPort},
		"a pod of another instance":          {foreign, page, webPort},
		"an instance, by another":            {page, foreign, webPort},
		"what an instance isn't let out to":  {page, open, webPort},
		"a pod that claims to be of the app": {liar, page, webPort},
	})

	binding, jobsBinding := f.bind(one, web), f.bind(other, jobs)
	f.opens(way{app, page, webPort})
	f.opens(way{app, db, dbPort})
	f.opens(way{otherApp, foreign, webPort})
	f.shut(map[string]way{
		"an app that is bound to another instance": {otherApp, page, webPort},
		"the other instance":                       {app, foreign, webPort},
		"a pod that claims to be of the app":       {liar, page, webPort},
		"the app while it is staged":               {staging, page, webPort},
		"a port that the instance doesn't offer":   {app, page, sideDoor},
		"the same of its other pod":                {app, db, sideDoor},
		"the app, by the instance":                 {page, app, webPort},
		"an instance, by another":                  {foreign, db, dbPort},
		"what apps aren't let out to":              {app, open, webPort},
	})
	f.comesBack(f.namespace(one), web, way{app, page, webPort})

	f.unbind(one, binding)
	f.closes(way{app, page, webPort})
	f.opens(way{otherApp, foreign, webPort})
	f.unbind(other, jobsBinding)
	f.closes(way{otherApp, foreign, webPort})
	f.shut(map[string]way{"the other port after the unbind": {app, db, dbPort}})
}

// comesBack deletes the app's NetworkPolicies by hand, on each side: with a broker they
// are made again at once, and without one when it is started.
func (f *plain) comesBack(instance string, a app, w way) {
	f.t.Helper()
	for _, namespace := range []string{appsNamespace, instance} {
		gone := f.deletePolicies(namespace, a)
		f.eventually("the NetworkPolicies of "+namespace+" are made again", func() bool {
			now := f.policies(namespace, a)
			for _, p := range now {
				if gone[p.UID] {
					return false
				}
			}
			return len(now) == len(gone)
		})
		f.opens(w)
	}
	f.must(f.broker.Kill())
	f.opens(w)
	f.deletePolicies(appsNamespace, a)
	f.deletePolicies(instance, a)
	f.closes(w)
	f.start()
	f.opens(w)
}

// policies are those of a namespace that let the app through.
func (f *plain) policies(namespace string, a app) (found []networkingv1.NetworkPolicy) {
	f.t.Helper()
	list, err := kube.NetworkingV1().NetworkPolicies(namespace).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	for _, p := range list.Items {
		if strings.Contains(p.Annotations[networkpolicy.PolicyAnnotation], a.GUID) {
			found = append(found, p)
		}
	}
	return found
}

func (f *plain) deletePolicies(namespace string, a app) map[types.UID]bool {
	f.t.Helper()
	gone := map[types.UID]bool{}
	for _, p := range f.policies(namespace, a) {
		f.must(kube.NetworkingV1().NetworkPolicies(namespace).Delete(f.t.Context(), p.Name, metav1.DeleteOptions{}))
		gone[p.UID] = true
	}
	if len(gone) == 0 {
		f.t.Fatalf("%s has no NetworkPolicy for the app", namespace)
	}
	return gone
}
