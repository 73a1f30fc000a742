package helmsvc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

func bindable(templates ...string) chart.Rendered {
	what := rendered(templates...)
	what.Bindable = true
	return what
}

const (
	leading = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {selector: {app: d}, ports: [{port: 1}]}\n"
	secret  = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: value}\n"
)

func deployment(replicas string) string {
	return object("apps/v1", "Deployment", "d", strings.Replace(workload("d", "", "a/d:1"), "{", "{replicas: "+replicas+", ", 1))
}

// TestNoPodIsRefused where a plan can be bound to, before anything is made or
// changed, and only there.
func TestNoPodIsRefused(t *testing.T) {
	const stopped = "no pod of the service instance would ever serve, since Deployment d is asked for 0 replicas; ask for one at least, by parameters or another plan"
	const leads = "no pod of the service instance would ever serve, since Service db leads to pods and nothing in the chart keeps any running"
	for name, c := range map[string]struct {
		what chart.Rendered
		want string
	}{
		"no replicas":            {bindable(deployment("0"), leading), stopped},
		"no replicas, nor more":  {bindable(deployment("0")), stopped},
		"a Service alone":        {bindable(leading, secret), leads},
		"a Job, and a Service":   {bindable(job("j", "", "a/j:1"), leading), leads},
		"a hook that keeps pods": {bindable(deployment("0"), hooked(object("v1", "Pod", "p", "{containers: [{name: c, image: a/p:1}], restartPolicy: Always}"), "post-install")), ""},
		"Secrets only":           {bindable(secret), ""},
		"a Job and a Secret":     {bindable(job("j", "", "a/j:1"), secret), ""},
		"not to be bound to":     {rendered(deployment("0"), leading), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			err := p.Install(t.Context(), p.target, c.what, nil)
			var noPod *manifest.NoPodError
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &noPod) || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if c.want == stopped && len(p.releases()) != 0 {
				t.Error("something was made of the chart")
			}
		})
	}
}

// TestNoPodAfterUpdate is refused with the release as it was.
func TestNoPodAfterUpdate(t *testing.T) {
	p := newPlace(t)
	if err := p.Install(t.Context(), p.target, bindable(deployment("1"), leading), nil); err != nil {
		t.Fatal(err)
	}
	var noPod *manifest.NoPodError
	if err := p.Upgrade(t.Context(), p.target, bindable(deployment("0"), leading), nil); !errors.As(err, &noPod) {
		t.Errorf("error %v", err)
	}
	if offered, err := p.ViewReady(t.Context(), p.target, "", time.Minute); err != nil || len(offered.Pods) != 1 {
		t.Errorf("it offers %+v, %v", offered, err)
	}
}

// TestNoPodToBindTo: an instance from before it was refused is told apart from
// one whose pods aren't ready yet.
func TestNoPodToBindTo(t *testing.T) {
	p := newPlace(t)
	if err := p.Install(t.Context(), p.target, rendered(deployment("0"), leading), nil); err != nil {
		t.Fatal(err)
	}
	var noPod *manifest.NoPodError
	if offered, err := p.ViewReady(t.Context(), p.target, "", time.Minute); !errors.As(err, &noPod) {
		t.Errorf("it offers %+v, %v", offered, err)
	}
}

// TestBindAwaitsWhatOperatorsMake: nothing is handed out of an instance of which
// nothing is there yet, and what it waits for is said. All that is read with the
// instance's rights, but for the CRD.
func TestBindAwaitsWhatOperatorsMake(t *testing.T) {
	p := confined(t)
	then(operated("Making"), granted("makings"))(p)
	if err := p.Install(t.Context(), p.target, bindable(custom("Making", "m")), p.once("no status yet", tells("Making", "m", `{"phase": "Creating"}`))); err != nil {
		t.Fatal(err)
	}
	refused := func(want string) {
		t.Helper()
		if offered, err := p.ViewReady(t.Context(), p.target, "", 0); !errors.Is(err, view.ErrNoReadyPod) || !strings.Contains(err.Error(), want) {
			t.Errorf("it offers %+v, %v; want an error that says %q", offered, err, want)
		}
	}
	refused("nothing has been made of Making m yet, and its status doesn't say that it is ready")
	tells("Making", "m", `{"conditions": [{"type": "Ready", "status": "False", "message": "two to go"}]}`)(p)
	refused("Making m: Ready is False: two to go")

	type answer struct {
		offered view.View
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		offered, err := p.ViewReady(t.Context(), p.target, "", time.Minute)
		answers <- answer{offered, err}
	}()
	then(makes(secret), tells("Making", "m", `{"conditions": [{"type": "Ready", "status": "True"}]}`))(p)
	if got := <-answers; got.err != nil || len(got.offered.Secrets) != 1 {
		t.Errorf("it offers %+v, %v", got.offered, got.err)
	}
}

// TestBindOfWhatMakesNothing hands out what there is once the operator says that
// all is done: a topic of somebody else's cluster has neither pods nor Secrets.
func TestBindOfWhatMakesNothing(t *testing.T) {
	p := newPlace(t)
	operated("Topic")(p)
	if err := p.Install(t.Context(), p.target, bindable(custom("Topic", "m")), p.once("no status yet", tells("Topic", "m", `{"conditions": [{"type": "Ready", "status": "True"}]}`))); err != nil {
		t.Fatal(err)
	}
	if offered, err := p.ViewReady(t.Context(), p.target, "", time.Minute); err != nil || len(offered.Secrets)+len(offered.Pods) != 0 {
		t.Errorf("it offers %+v, %v", offered, err)
	}
}
