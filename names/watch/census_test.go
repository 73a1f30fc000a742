package watch_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

// census is what the cluster says, and since when: whose pod has an address, and which
// addresses each name has by the ready endpoints of EndpointSlices. It is read from the
// API on its own way, and by rules of its own.
type census struct {
	mu     sync.Mutex                               // guards what follows
	pods   map[types.UID]corev1.Pod                 // that have an address
	ever   map[string]map[string]bool               // namespace → addresses that its pods have ever had
	slices map[types.UID]map[string]map[string]bool // EndpointSlice → name → address
	facts  map[string]map[string][]fact             // name → address → in the order of time
}

// fact is whether a name had an address from then on.
type fact struct {
	holds bool
	since time.Time
}

func takeCensus(t *testing.T) *census {
	t.Helper()
	c := &census{pods: map[types.UID]corev1.Pod{}, ever: map[string]map[string]bool{}, slices: map[types.UID]map[string]map[string]bool{}, facts: map[string]map[string][]fact{}}
	pods := coreinformers.NewPodInformer(clients, metav1.NamespaceAll, 0, cache.Indexers{})
	endpoints := discoveryinformers.NewEndpointSliceInformer(clients, metav1.NamespaceAll, 0, cache.Indexers{})
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandlerFuncs{
		pods:      {AddFunc: c.countPod, UpdateFunc: func(_, now any) { c.countPod(now) }, DeleteFunc: c.buryPod},
		endpoints: {AddFunc: c.countSlice, UpdateFunc: func(_, now any) { c.countSlice(now) }, DeleteFunc: c.burySlice},
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			t.Fatal(err)
		}
		go informer.RunWithContext(t.Context())
		if !cache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) {
			t.Fatal("the census hasn't begun")
		}
	}
	return c
}

func (c *census) countPod(object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if pod.Status.PodIP == "" {
		delete(c.pods, pod.UID)
		return
	}
	c.pods[pod.UID] = *pod
	if c.ever[pod.Namespace] == nil {
		c.ever[pod.Namespace] = map[string]bool{}
	}
	c.ever[pod.Namespace][pod.Status.PodIP] = true
}

func (c *census) buryPod(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if pod, ok := object.(*corev1.Pod); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pods, pod.UID)
	}
}

func (c *census) countSlice(object any) {
	if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
		c.note(slice.UID, namesIn(slice))
	}
}

func (c *census) burySlice(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
		c.note(slice.UID, nil)
	}
}

// namesIn are the names that an EndpointSlice gives its ready endpoints.
func namesIn(slice *discoveryv1.EndpointSlice) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	below := slice.Labels[discoveryv1.LabelServiceName] + "." + slice.Namespace + ".svc." + domain
	for _, e := range slice.Endpoints {
		if e.Conditions.Ready == nil || !*e.Conditions.Ready {
			continue
		}
		names := []string{below}
		if e.Hostname != nil {
			names = append(names, *e.Hostname+"."+below)
		}
		for _, name := range names {
			if all[name] == nil {
				all[name] = map[string]bool{}
			}
			for _, address := range e.Addresses {
				all[name][address] = true
			}
		}
	}
	return all
}

// note brings the facts up to date with what a slice says now.
func (c *census) note(slice types.UID, now map[string]map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.slices[slice]
	c.slices[slice] = now
	for _, side := range []map[string]map[string]bool{before, now} {
		for name, addresses := range side {
			for address := range addresses {
				c.settle(name, address)
			}
		}
	}
}

// settle wants mu held.
func (c *census) settle(name, address string) {
	holds := false
	for _, slice := range c.slices {
		holds = holds || slice[name][address]
	}
	if c.facts[name] == nil {
		c.facts[name] = map[string][]fact{}
	}
	known := c.facts[name][address]
	if len(known) == 0 || known[len(known)-1].holds != holds {
		c.facts[name][address] = append(known, fact{holds, time.Now()})
	}
}

// answer is what a name led to at some time.
type answer struct {
	name         string
	addresses    []netip.Addr
	asked, given time.Time
	owners       string // whose the addresses were by then
}

// wrong is what an answer said otherwise than the cluster did all the time from so long
// before it was asked for until so long after it was given. It wants mu held.
func (c *census) wrong(a answer, within time.Duration) (all []string) {
	from, to := a.asked.Add(-within), a.given.Add(within)
	for _, address := range a.addresses {
		if always(c.facts[a.name][address.String()], false, from, to) {
			all = append(all, "it led to "+address.String())
		}
	}
	for address, facts := range c.facts[a.name] {
		if always(facts, true, from, to) && !slices.Contains(a.addresses, netip.MustParseAddr(address)) {
			all = append(all, "it didn't lead to "+address)
		}
	}
	return all
}

// always tells whether the facts were so all the time.
func always(facts []fact, holds bool, from, to time.Time) bool {
	state := false
	for _, f := range facts {
		if f.since.After(to) {
			break
		}
		if f.since.After(from) {
			return false // it has changed meanwhile
		}
		state = f.holds
	}
	return state == holds
}

// judge is what is wrong with an answer so long after the cluster's change. The census
// may not have seen yet what an answer knows that has only just been given, so what is
// wrong then is only in doubt, and judged once more later.
func (c *census) judge(a answer, after time.Duration) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong(a, after)
}

// strangers are those of the addresses that are another namespace's pods' now.
func (c *census) strangers(namespace string, addresses []netip.Addr) (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for uid, pod := range c.pods {
		if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil && pod.Namespace != namespace && slices.Contains(addresses, address) {
			all = append(all, fmt.Sprintf("%s is %s/%s's (%s)", address, pod.Namespace, pod.Name, uid))
		}
	}
	return all
}

// shared is how many addresses have been pods' of both namespaces.
func (c *census) shared(one, other string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for address := range c.ever[one] {
		if c.ever[other][address] {
			n++
		}
	}
	return n
}

// had tells whether an address was ever a pod's of the namespace.
func (c *census) had(namespace, address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ever[namespace][address]
}
