package helmsvc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// running is a chart of one Deployment whose container has these fields.
func running(fields string) chart.Rendered { return runningIn("", fields) }

func runningIn(spec, fields string) chart.Rendered {
	return rendered(object("apps/v1", "Deployment", "w", fmt.Sprintf(
		"{%s selector: {matchLabels: {app: w}}, template: {metadata: {labels: {app: w}}, spec: {containers: [{name: w, image: 'example/w:1', %s}]}}}", spec, fields)))
}

func (p *place) deployment() *appsv1.Deployment {
	p.t.Helper()
	d, err := clients.AppsV1().Deployments(p.ns.Name).Get(p.t.Context(), "w", metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *place) container() corev1.Container {
	p.t.Helper()
	return p.deployment().Spec.Template.Spec.Containers[0]
}

func (p *place) env() string {
	p.t.Helper()
	var all []string
	for _, e := range p.container().Env {
		all = append(all, e.Name+"="+e.Value)
	}
	return strings.Join(all, " ")
}

func (p *place) ports() string {
	p.t.Helper()
	var all []string
	for _, port := range p.container().Ports {
		all = append(all, fmt.Sprintf("%d/%s", port.ContainerPort, port.Protocol))
	}
	return strings.Join(all, " ")
}

func (p *place) served() string {
	p.t.Helper()
	s, err := clients.CoreV1().Services(p.ns.Name).Get(p.t.Context(), "s", metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	var all []string
	for _, port := range s.Spec.Ports {
		all = append(all, fmt.Sprintf("%d/%s", port.Port, port.Protocol))
	}
	return strings.Join(all, " ")
}

// step is a chart and what is to be live of it.
type step struct {
	what chart.Rendered
	want string
}

// through installs the first step, updates to each of the others, and goes back
// to each from a failed update on the way.
func (p *place) through(look func() string, steps ...step) {
	p.t.Helper()
	for i, s := range steps {
		var err error
		if i == 0 {
			err = p.Install(p.t.Context(), p.target, s.what, nil)
		} else {
			err = p.Upgrade(p.t.Context(), p.target, s.what, nil)
		}
		if err != nil {
			p.t.Fatalf("step %d: %v", i, err)
		}
		if got := look(); got != s.want {
			p.t.Errorf("after step %d there is %q, want %q", i, got, s.want)
		}
		number, err := p.Revision(p.t.Context(), p.target)
		if err != nil {
			p.t.Fatal(err)
		}
		failing := rendered(string(steps[(i+1)%len(steps)].what.Chart.Templates[0].Data), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndata: [no map]\n")
		if err := p.Upgrade(p.t.Context(), p.target, failing, nil); err == nil {
			p.t.Fatal("a broken update went well")
		}
		if err := p.Rollback(p.t.Context(), p.target, number); err != nil {
			p.t.Fatalf("going back to step %d: %v", i, err)
		}
		if got := look(); got != s.want {
			p.t.Errorf("after going back to step %d there is %q, want %q", i, got, s.want)
		}
	}
}

// TestRepeatedNames enters and leaves a plan that names a variable twice.
func TestRepeatedNames(t *testing.T) {
	p := confined(t)
	twice := step{running("env: [{name: MODE, value: prod}, {name: LEVEL, value: info}, {name: MODE, value: prod}]"), "MODE=prod LEVEL=info MODE=prod"}
	once := step{running("env: [{name: MODE, value: prod}, {name: LEVEL, value: info}]"), "MODE=prod LEVEL=info"}
	p.through(p.env, twice, once, twice, step{running("env: [{name: LEVEL, value: info}]"), "LEVEL=info"})
}

// TestTwoProtocols has TCP and UDP on one port of a Service, and of a container.
func TestTwoProtocols(t *testing.T) {
	for name, c := range map[string]struct {
		look func(*place) string
		of   func(ports string) chart.Rendered
		key  string
	}{
		"Service": {(*place).served, func(ports string) chart.Rendered {
			return rendered(object("v1", "Service", "s", "{ports: ["+ports+"]}"))
		}, "port"},
		"container": {(*place).ports, func(ports string) chart.Rendered { return running("ports: [" + ports + "]") }, "containerPort"},
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			tcp := fmt.Sprintf("{name: dns-tcp, %s: 53, protocol: TCP}", c.key)
			udp := fmt.Sprintf("{name: dns-udp, %s: 53, protocol: UDP}", c.key)
			std := step{c.of(tcp), "53/TCP"}
			p.through(func() string { return c.look(p) }, std, step{c.of(tcp + ", " + udp), "53/TCP 53/UDP"}, std)
		})
	}
}

// TestLiveIsRepaired: somebody's edit of what is rendered goes with the next
// update, what the chart no longer has as well, and what isn't the chart's stays.
func TestLiveIsRepaired(t *testing.T) {
	p := confined(t)
	if err := p.Install(t.Context(), p.target, running("args: [a], workingDir: /x, env: [{name: A, value: a}, {name: B, value: b}]"), nil); err != nil {
		t.Fatal(err)
	}
	const edit = `{"metadata": {"annotations": {"theirs": "yes"}}, "spec": {"replicas": 2, "template": {"spec": {"containers": [
		{"name": "w", "args": ["other"], "env": [{"name": "A", "value": "other"}, {"name": "THEIRS", "value": "t"}]}]}}}}`
	if _, err := clients.AppsV1().Deployments(p.ns.Name).Patch(t.Context(), "w", types.StrategicMergePatchType, []byte(edit), metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, running("args: [a], env: [{name: A, value: a}]"), nil); err != nil {
		t.Fatal(err)
	}
	d, c := p.deployment(), p.container()
	if got := p.env(); got != "A=a THEIRS=t" || len(c.Args) != 1 || c.Args[0] != "a" || c.WorkingDir != "" {
		t.Errorf("the container is %+v", c)
	}
	if *d.Spec.Replicas != 2 || d.Annotations["theirs"] != "yes" {
		t.Errorf("what the chart doesn't render is %d replicas, annotations %v", *d.Spec.Replicas, d.Annotations)
	}
}

// TestSecretTexts: a text that the chart no longer has is gone, though it became
// data when it was made, and one that somebody has changed is put right.
func TestSecretTexts(t *testing.T) {
	p := confined(t)
	secret := func(texts string) chart.Rendered {
		return rendered("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: " + texts + "\n")
	}
	look := func() string {
		s, err := clients.CoreV1().Secrets(p.ns.Name).Get(t.Context(), "s", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s", s.Data)
	}
	p.through(look, step{secret("{a: b, c: d}"), "map[a:b c:d]"}, step{secret("{a: b}"), "map[a:b]"})
	if _, err := clients.CoreV1().Secrets(p.ns.Name).Patch(context.Background(), "s", types.MergePatchType, []byte(`{"stringData": {"a": "theirs"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, secret("{a: b}"), nil); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "map[a:b]" {
		t.Errorf("the Secret is %s", got)
	}
}
