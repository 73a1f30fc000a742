package ends

import (
	"context"
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestPodsOf: a policy group's pods are told by their label where workloads have groups
// of their own and the pods the label, else they are all of the namespace.
func TestPodsOf(t *testing.T) {
	const own, workload = "instances", "workloads"
	labelled := []string{podgroup.Label}
	for name, c := range map[string]struct {
		instance record.Instance
		group    string
		want     string
	}{
		"one group":               {record.Instance{Destination: "instance", PolicyGroup: own}, own, ""},
		"a placeholder's":         {record.Instance{Destination: "app", PolicyGroup: own, GroupLabels: labelled}, own, ""},
		"a workload's":            {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: labelled}, workload, podgroup.Label + "=" + workload},
		"the others'":             {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: labelled}, own, "!" + podgroup.Label},
		"older than the label":    {record.Instance{Destination: "workload", PolicyGroup: own}, workload, ""},
		"another label than ours": {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: []string{"cloudfoundry.org/app-guid"}}, workload, ""},
	} {
		got := ""
		if selector := podsOf(c.instance, c.group); selector != nil {
			got = metav1.FormatLabelSelector(selector)
		}
		if got != c.want {
			t.Errorf("%s: pods are selected by %q, want %q", name, got, c.want)
		}
	}
}

// cluster has namespaces, some of which are closed.
type cluster struct {
	closed map[string]bool
	lists  int
	made   []string
	fails  error
}

func (c *cluster) Closed(context.Context) (map[string]bool, error) {
	c.lists++
	return c.closed, c.fails
}

func (c *cluster) EnsureClosed(_ context.Context, namespace string) error {
	c.made = append(c.made, namespace)
	switch namespace {
	case "going":
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: 403, Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}}}}
	case "gone":
		return apierrors.NewNotFound(corev1.Resource("namespaces"), namespace)
	}
	return nil
}

// TestClose: of namespaces that are closed one list tells, and only others are written.
func TestClose(t *testing.T) {
	e, c := &Ends{closed: map[string]closed{}}, &cluster{closed: map[string]bool{"a": true, "b": true}}
	for range 3 {
		for _, namespace := range []string{"a", "b", "open"} {
			if err := e.close(t.Context(), "", namespace, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c.lists != 1 || !slices.Equal(c.made, []string{"open"}) {
		t.Errorf("that took %d lists, and closed were %v", c.lists, c.made)
	}
	for _, namespace := range []string{"going", "gone"} {
		if err := e.close(t.Context(), "", namespace, c); err != nil {
			t.Errorf("one that is %s: %v", namespace, err)
		}
	}
}

// TestCloseOnBrokenCluster: one that fails is asked once for all of its instances, unless
// it was the caller who went.
func TestCloseOnBrokenCluster(t *testing.T) {
	e, c := &Ends{closed: map[string]closed{}}, &cluster{fails: errors.New("no answer")}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{gone, t.Context(), t.Context(), t.Context()} {
		if err := e.close(ctx, "down", "a", c); !errors.Is(err, c.fails) {
			t.Errorf("%v", err)
		}
	}
	if c.lists != 2 || len(c.made) > 0 {
		t.Errorf("it was asked %d times, and closed were %v", c.lists, c.made)
	}
}
