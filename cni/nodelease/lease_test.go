package nodelease

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"code.cloudfoundry.org/lager/v3"
	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applyv1 "k8s.io/client-go/applyconfigurations/coordination/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// kept is a Lease that tells what is written to it.
type kept struct {
	coordinationv1.LeaseInterface
	written []string
	removed string
	fails   int // so many writes
}

func (k *kept) Delete(_ context.Context, name string, _ metav1.DeleteOptions) error {
	if k.fails > 0 {
		k.fails--
		return errors.New("the API server is away")
	}
	if k.removed != "" {
		return apierrors.NewNotFound(coordination.Resource("leases"), name)
	}
	k.removed = name
	return nil
}

func (k *kept) Apply(_ context.Context, lease *applyv1.LeaseApplyConfiguration, _ metav1.ApplyOptions) (*coordination.Lease, error) {
	if k.fails > 0 {
		k.fails--
		return nil, errors.New("the API server is away")
	}
	k.written = append(k.written, lease.Annotations[podgroup.PolledAnnotation])
	return nil, nil
}

// TestPolled: what was seen before a poll that went well began is written, and nothing
// else.
func TestPolled(t *testing.T) {
	failed := errors.New("no poll")
	type step struct {
		see   string
		polls []error // how polls that begin then end
		also  string  // is seen before they do
	}
	for name, c := range map[string]struct {
		steps []step
		fails int
		want  []string
	}{
		"nothing seen":                 {[]step{{polls: []error{nil}}}, 0, nil},
		"seen and not polled":          {[]step{{see: "7"}}, 0, nil},
		"a mark":                       {[]step{{see: "7", polls: []error{nil}}}, 0, []string{"7"}},
		"a mark during a poll":         {[]step{{see: "7", polls: []error{nil}, also: "8"}}, 0, []string{"7"}},
		"a mark after another":         {[]step{{see: "9", polls: []error{nil}}, {see: "10", polls: []error{nil}}}, 0, []string{"9", "10"}},
		"seen in another order":        {[]step{{see: "10"}, {see: "9", polls: []error{nil}}}, 0, []string{"10"}},
		"polled again":                 {[]step{{see: "7", polls: []error{nil}}, {polls: []error{nil}}}, 0, []string{"7"}},
		"a poll that fails":            {[]step{{see: "7", polls: []error{failed}}}, 0, nil},
		"a poll that fails, and again": {[]step{{see: "7", polls: []error{failed}}, {polls: []error{nil}}}, 0, []string{"7"}},
		"the API server is away":       {[]step{{see: "7", polls: []error{nil}}}, 3, []string{"7"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lease, api := running(t, c.fails)
				for _, s := range c.steps {
					if s.see != "" {
						lease.See(s.see)
					}
					for _, err := range s.polls {
						end := lease.Begin()
						if s.also != "" {
							lease.See(s.also)
						}
						end(err)
					}
					time.Sleep(time.Minute) // of the bubble's own clock
					synctest.Wait()
				}
				if !slices.Equal(api.written, c.want) {
					t.Errorf("%v is written, want %v", api.written, c.want)
				}
			})
		})
	}
}

// TestWithdraw: the Lease is removed as soon as that can be, and the deleting of none is
// done.
func TestWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &kept{fails: 3}
		lease := &Lease{leases: api, node: "n", done: func(error) {}, log: lager.NewLogger("test")}
		lease.Withdraw(t.Context())
		if api.fails != 0 || api.removed != "n" {
			t.Errorf("%q is removed, and %d failures are to come", api.removed, api.fails)
		}
		lease.Withdraw(t.Context()) // there is none
	})
}

// TestManyMarks: a hundred a second are no hundred writes, and the last one is written.
func TestManyMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease, api := running(t, 0)
		for revision := range 1000 {
			lease.See(strconv.Itoa(revision + 1))
			lease.Begin()(nil)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if most := 101; len(api.written) > most || api.written[len(api.written)-1] != "1000" {
			t.Errorf("%d writes within 10 s, want %d at most; the last is %v", len(api.written), most, api.written[len(api.written)-1:])
		}
	})
}

func running(t *testing.T, fails int) (*Lease, *kept) {
	t.Helper()
	api := &kept{fails: fails}
	lease := &Lease{leases: api, node: "n", done: func(error) {}, log: lager.NewLogger("test"), owed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lease.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return lease, api
}
