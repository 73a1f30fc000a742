package naming

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// TestJudge names the domains that there must not be, and says what to do.
func TestJudge(t *testing.T) {
	d := NewDomains("cluster.local", nil, lager.NewLogger("test"))
	for all, want := range map[string]string{
		"":                                  "",
		"apps.internal example.com local":   "",
		"apps.internal cluster.local":       "the domain cluster.local, where",
		"x.svc.cluster.local":               "the domain x.svc.cluster.local, where",
		"b.cluster.local a.cluster.local":   "the domain a.cluster.local, b.cluster.local, where",
		strings.Repeat("cluster.local ", 7): "cluster.local and 2 more, where",
	} {
		err := d.judge(strings.Fields(all))
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Delete it")) {
			t.Errorf("%s: %v, want %q", all, err, want)
		}
	}
}

// TestLook: what is known stays known while Cloud Foundry can't be asked, and each
// problem is logged once.
func TestLook(t *testing.T) {
	var out bytes.Buffer
	log := lager.NewLogger("test")
	log.RegisterSink(lager.NewWriterSink(&out, lager.INFO))
	var all []string
	var err error
	d := NewDomains("cluster.local", func(context.Context) ([]string, error) { return all, err }, log)
	if d.Problem() == nil {
		t.Error("nothing has been read yet, and it says nothing of that")
	}
	down, met := errors.New("connection refused"), []string{"cluster.local"}
	for i, step := range []struct {
		all    []string
		err    error
		want   string
		logged int
	}{
		{nil, down, "isn't known, and there must be none; look by `cf domains` until it can be read: connection refused", 1},
		{nil, down, "connection refused", 1},
		{met, nil, "the domain cluster.local", 2},
		{met, nil, "the domain cluster.local", 2},
		{nil, down, "the domain cluster.local", 2},
		{nil, nil, "", 2},
		{nil, down, "", 2},
		{met, nil, "the domain cluster.local", 3},
	} {
		all, err = step.all, step.err
		if known := d.look(t.Context()); known != (step.err == nil) {
			t.Errorf("step %d: it says that domains are known: %t", i, known)
		}
		problem := d.Problem()
		if (problem == nil) != (step.want == "") || problem != nil && !strings.Contains(problem.Error(), step.want) {
			t.Errorf("step %d: %v, want %q", i, problem, step.want)
		}
		if logged := strings.Count(out.String(), "cf-domains.domains"); logged != step.logged {
			t.Errorf("step %d: %d lines are logged", i, logged)
		}
	}
}

// TestRunDomains looks at once, every minute while Cloud Foundry is down, and then
// every hour.
func TestRunDomains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int32
		list := func(context.Context) ([]string, error) {
			if looks.Add(1) <= 2 {
				return nil, errors.New("down")
			}
			return nil, nil
		}
		go NewDomains("cluster.local", list, lager.NewLogger("test")).Run(t.Context())
		for _, step := range []struct {
			after time.Duration
			want  int32
		}{{0, 1}, {time.Minute, 2}, {time.Minute, 3}, {time.Hour - time.Second, 3}, {time.Second, 4}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := looks.Load(); got != step.want {
				t.Errorf("%s later: %d looks, want %d", step.after, got, step.want)
			}
		}
	})
}
