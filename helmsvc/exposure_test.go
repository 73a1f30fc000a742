package helmsvc_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// plan is a chart of these templates under a plan that allows exposure or not.
func plan(exposure bool, templates ...string) chart.Rendered {
	c := chartOf("c", map[string]string{"c.yaml": strings.Join(templates, "---\n")})
	return chart.Rendered{Chart: c, AllowExposure: exposure}
}

// service is the Service of this name as it is in the cluster.
func (p *place) service(name string) corev1.Service {
	p.t.Helper()
	s, err := clients.CoreV1().Services(p.ns.Name).Get(p.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return *s
}

// checkClosed wants a Service that can be reached in the cluster only.
func (p *place) checkClosed(when, name string) {
	p.t.Helper()
	s := p.service(name)
	closed := corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, Ports: s.Spec.Ports, Selector: s.Spec.Selector,
		ClusterIP: s.Spec.ClusterIP, ClusterIPs: s.Spec.ClusterIPs, IPFamilies: s.Spec.IPFamilies, IPFamilyPolicy: s.Spec.IPFamilyPolicy,
		SessionAffinity: s.Spec.SessionAffinity, InternalTrafficPolicy: s.Spec.InternalTrafficPolicy,
	}
	got, _ := json.Marshal(s.Spec)
	want, _ := json.Marshal(closed)
	if string(got) != string(want) || len(s.Spec.Ports) == 0 || s.Spec.Selector == nil {
		p.t.Errorf("%s: Service %s is %s, want %s", when, name, got, want)
	}
	for _, port := range s.Spec.Ports {
		if port.NodePort != 0 {
			p.t.Errorf("%s: Service %s has the node port %d", when, name, port.NodePort)
		}
	}
}

const (
	balanced = "{type: LoadBalancer, selector: {app: x}, ports: [{name: a, port: 80}, {name: b, port: 81}], externalTrafficPolicy: Local, " +
		"loadBalancerSourceRanges: [192.0.2.0/24], loadBalancerClass: example.com/lb, loadBalancerIP: 192.0.2.7, allocateLoadBalancerNodePorts: true, externalIPs: [192.0.2.8]}"
	onNodes = "{type: NodePort, selector: {app: x}, ports: [{name: a, port: 80}, {name: b, port: 81}], externalTrafficPolicy: Local}"
)

// TestClosed installs Services that would be reachable without a policy as
// ClusterIP, wherever in a chart they are.
func TestClosed(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	ranged := strings.Replace(object("v1", "Service", "ranged", "{type: LoadBalancer, selector: {app: x}, ports: [{port: 80}]}"),
		"metadata: {", "metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 192.0.2.0/24}, ", 1)
	sub := chartOf("sub", map[string]string{"s.yaml": object("v1", "Service", "sub", onNodes)})
	what := plan(false,
		object("v1", "Service", "balanced", balanced), object("v1", "Service", "on-nodes", onNodes), ranged,
		object("v1", "Service", "external", "{selector: {app: x}, ports: [{port: 80}], externalIPs: [192.0.2.8]}"),
		hooked(object("v1", "Service", "hook", balanced), "pre-install"),
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: listed}, spec: "+onNodes+"}\n",
	)
	what.Chart.AddDependency(sub)
	if err := p.Install(t.Context(), p.target, what, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"balanced", "on-nodes", "ranged", "external", "hook", "listed", "sub"} {
		p.checkClosed("installed", name)
	}
}

// balance gives every load balancer of the place an address, as a cloud does.
func (p *place) balance() {
	p.t.Helper()
	watch, err := clients.CoreV1().Services(p.ns.Name).Watch(p.t.Context(), metav1.ListOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(watch.Stop)
	go func() {
		for event := range watch.ResultChan() {
			s, ok := event.Object.(*corev1.Service)
			if !ok || s.Spec.Type != corev1.ServiceTypeLoadBalancer || len(s.Status.LoadBalancer.Ingress) > 0 {
				continue
			}
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}}
			// What it lost against, it will see as the next event.
			_, _ = clients.CoreV1().Services(p.ns.Name).UpdateStatus(p.t.Context(), s, metav1.UpdateOptions{})
		}
	}()
}

// TestExposureOfPlans exposes a revision as its own plan says, on the way there
// and on the way back.
func TestExposureOfPlans(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		kind corev1.ServiceType
	}{
		"load balancer": {balanced, corev1.ServiceTypeLoadBalancer},
		"node port":     {onNodes, corev1.ServiceTypeNodePort},
		// The port is the cluster's to give, in a range that the tests share.
		"named node port": {strings.Replace(onNodes, "port: 80}", "port: 80, nodePort: 31807}", 1), corev1.ServiceTypeNodePort},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.use(tenant.Config{WithoutExposure: true})
			p.balance()
			exposed, closed := plan(true, object("v1", "Service", "s", c.spec)), plan(false, object("v1", "Service", "s", c.spec))
			fewer := plan(false, object("v1", "Service", "s", strings.Replace(c.spec, ", {name: b, port: 81}", "", 1)))
			checkExposed := func(when string) {
				t.Helper()
				s := p.service("s")
				if s.Spec.Type != c.kind || s.Spec.Ports[0].NodePort == 0 || s.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal || len(s.Annotations) != 2 {
					t.Errorf("%s: the Service is %+v, annotated %v", when, s.Spec, s.Annotations)
				}
			}
			upgrade := func(what chart.Rendered) {
				t.Helper()
				if err := p.Upgrade(t.Context(), p.target, what, nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Install(t.Context(), p.target, exposed, nil); err != nil {
				t.Fatal(err)
			}
			checkExposed("installed")
			upgrade(closed)
			p.checkClosed("upgraded", "s")
			if err := p.Rollback(t.Context(), p.target, 1); err != nil {
				t.Fatal(err)
			}
			checkExposed("back at the first revision")
			upgrade(fewer)
			p.checkClosed("upgraded to fewer ports", "s")
			if err := p.Rollback(t.Context(), p.target, 2); err != nil {
				t.Fatal(err)
			}
			p.checkClosed("back at the second revision", "s")
			upgrade(exposed)
			checkExposed("upgraded to a plan that allows it")
			if err := p.Rollback(t.Context(), p.target, 4); err != nil {
				t.Fatal(err)
			}
			p.checkClosed("back at the fourth revision", "s")
		})
	}
}

// TestClosedLater closes what was made before there was a rule, or was changed
// by an upgrade that failed.
func TestClosedLater(t *testing.T) {
	p := newPlace(t)
	p.balance()
	if err := p.Install(t.Context(), p.target, plan(false, object("v1", "Service", "s", balanced)), nil); err != nil {
		t.Fatal(err)
	}
	if got := p.service("s").Spec.Type; got != corev1.ServiceTypeLoadBalancer {
		t.Errorf("without the rule the Service is of type %s", got)
	}
	p.use(tenant.Config{WithoutExposure: true})
	if err := p.Upgrade(t.Context(), p.target, plan(false, object("v1", "Service", "s", balanced)), nil); err != nil {
		t.Fatal(err)
	}
	p.checkClosed("the same chart", "s")

	plain := "{selector: {app: x}, ports: [{name: a, port: 80}, {name: b, port: 81}]}"
	if err := p.Upgrade(t.Context(), p.target, plan(false, object("v1", "Service", "s", plain)), nil); err != nil {
		t.Fatal(err)
	}
	if s := p.service("s"); len(s.Annotations) != 2 {
		t.Errorf("a Service that never was another is annotated %v", s.Annotations)
	}
	// Helm makes Services before Deployments.
	broken := object("apps/v1", "Deployment", "z", "{selector: {matchLabels: {app: a}}, template: "+podTemplate("b", "", "a/z")+"}")
	err := p.Upgrade(t.Context(), p.target, plan(true, object("v1", "Service", "s", balanced), broken), nil)
	if got := p.service("s").Spec; err == nil || len(got.ExternalIPs) == 0 || len(got.LoadBalancerSourceRanges) == 0 {
		t.Fatalf("the upgrade that fails half-way: %v; the Service is %+v", err, got)
	}
	if err := p.Upgrade(t.Context(), p.target, plan(false, object("v1", "Service", "s", plain)), nil); err != nil {
		t.Fatal(err)
	}
	p.checkClosed("after an upgrade that failed", "s")
}

// TestClosedForTemplates shows a bind template the type that it was written
// for, at the pod's address and port.
func TestClosedForTemplates(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	pod := object("v1", "Pod", "x", "{containers: ["+containers("a/x:1")+"]}")
	pod = strings.Replace(pod, "{name: x}", "{name: x, labels: {app: x}}", 1)
	what := plan(false, pod, object("v1", "Service", "s", "{type: NodePort, selector: {app: x}, ports: [{port: 80, targetPort: 8080}]}"))
	if err := p.Install(t.Context(), p.target, what, nil); err != nil {
		t.Fatal(err)
	}
	offered, err := p.View(t.Context(), p.ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := p.TemplateView(t.Context(), p.ns.Name, offered, true)
	if err != nil {
		t.Fatal(err)
	}
	s := seen.Services[0].Spec
	if s.Type != corev1.ServiceTypeNodePort || s.Ports[0].NodePort != 8080 || s.ClusterIP != offered.Pods[0].IP {
		t.Errorf("a template sees %+v", s)
	}
	if raw := seen.RawServices[0].Spec; raw.Type != corev1.ServiceTypeClusterIP || raw.Ports[0].NodePort != 0 {
		t.Errorf("the Service is %+v", raw)
	}
}

const onHost = "hostNetwork: true,"

// hostPorts is a chart whose pods take ports of their nodes, in all ways.
func hostPorts() *helmchart.Chart {
	port := func(list string, number string) string {
		return list + ": [{name: i, image: a/i, ports: [{containerPort: 80, hostPort: " + number + "}, {containerPort: 81}]}]"
	}
	withPort := func(kind, version, name, number string) string {
		return object(version, kind, name, "{selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {"+port("containers", number)+"}}}")
	}
	sub := chartOf("sub", map[string]string{"d.yaml": withPort("Deployment", "apps/v1", "sub", "8001")})
	return chartOf("hosts", map[string]string{
		"a.yaml": mapOf + object("apps/v1", "DaemonSet", "agent", workload("x", onHost, "a/x")) + object("apps/v1", "StatefulSet", "fine", workload("x", "hostNetwork: false,", "a/x")),
		"b.yaml": withPort("ReplicaSet", "apps/v1", "rs", "8002.0") + withPort("StatefulSet", "apps/v1", "none", "0"),
		"c.yaml": object("v1", "Pod", "pod", "{containers: ["+containers("a/x")+"], "+port("initContainers", "8003")+"}"),
		"d.yaml": object("batch/v1", "CronJob", "cron", `{schedule: "0 0 31 2 *", jobTemplate: {spec: {template: `+podTemplate("x", "restartPolicy: Never, "+onHost, "a/x")+"}}}"),
		"e.yaml": hooked(object("batch/v1", "Job", "before", "{template: "+podTemplate("x", "restartPolicy: Never, "+onHost, "a/x")+"}"), "pre-upgrade"),
		"f.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: listed}, spec: {hostNetwork: true, containers: [" + containers("a/x") + "]}}\n",
		"g.yaml": hooked(object("v1", "Pod", "test", "{hostNetwork: true, containers: ["+containers("a/x")+"]}"), "test"),
	}, sub)
}

func checkExposedError(t *testing.T, err error) {
	t.Helper()
	var exposed *manifest.ExposedError
	if !errors.As(err, &exposed) {
		t.Fatalf("error %v", err)
	}
	want := []string{
		"DaemonSet agent (templates/a.yaml): hostNetwork", "ReplicaSet rs (templates/b.yaml): hostPort 8002 of container i",
		"Pod pod (templates/c.yaml): hostPort 8003 of init container i", "CronJob cron (templates/d.yaml): hostNetwork",
		"Job before (templates/e.yaml): hostNetwork", "Pod listed (templates/f.yaml): hostNetwork",
		"Deployment sub (charts/sub/templates/d.yaml): hostPort 8001 of container i",
	}
	var found []string
	for _, e := range exposed.Exposures {
		found = append(found, e.String())
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("found are %q, want %q", found, want)
	}
	// The first few are told, the others counted.
	for _, text := range []string{want[1], "and 2 more", "allow_exposure: true"} {
		if strings.Count(err.Error(), text) != 1 {
			t.Errorf("%q isn't in the error once: %v", text, err)
		}
	}
}

// TestHostPorts are refused with everything named and nothing made.
func TestHostPorts(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	checkExposedError(t, p.Install(t.Context(), p.target, chart.Rendered{Chart: hostPorts()}, nil))
	if len(p.releases()) != 0 {
		t.Error("something was made of the chart")
	}
	if err := p.Install(t.Context(), p.target, plan(false, mapOf), nil); err != nil {
		t.Fatal(err)
	}
	checkExposedError(t, p.Upgrade(t.Context(), p.target, chart.Rendered{Chart: hostPorts()}, nil))
	if now := p.releases(); len(now) != 1 || now[0].Labels["status"] != "deployed" {
		t.Errorf("the release is %+v", now)
	}
	agent := object("apps/v1", "Deployment", "agent", workload("x", onHost, "a/x"))
	if err := p.Upgrade(t.Context(), p.target, plan(true, mapOf, agent), nil); err != nil {
		t.Errorf("a plan that allows it: %v", err)
	}
	if !p.pods()["x"].HostNetwork {
		t.Error("the pod isn't on its node's network")
	}
	if err := p.Upgrade(t.Context(), p.target, plan(false, mapOf), nil); err != nil {
		t.Errorf("back to a plan that doesn't: %v", err)
	}
	if err := p.Rollback(t.Context(), p.target, 2); err != nil {
		t.Errorf("back to what was allowed: %v", err)
	}
}

// TestHostPortsUnseen are refused where the dry run can't see them: templates
// that want a CRD of the chart's own can't be rendered before.
func TestHostPortsUnseen(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	gate := `{{ if not (.Capabilities.APIVersions.Has "example.com/v1/Gated") }}{{ fail "no CRD" }}{{ end }}`
	what := plan(false, object("apps/v1", "Deployment", "agent", workload("x", onHost, "a/x")), gate)
	bring(t, what.Chart, "Gated")
	var exposed *manifest.ExposedError
	if err := p.Install(t.Context(), p.target, what, nil); !errors.As(err, &exposed) {
		t.Errorf("error %v", err)
	}
	if pods := p.pods(); len(pods) != 0 {
		t.Errorf("there are the pods %v", pods)
	}
	other := newTarget(p)
	what = plan(false, hooked(object("v1", "Pod", "hook", "{hostNetwork: true, containers: ["+containers("a/x")+"]}"), "pre-install"), strings.Replace(gate, "Gated", "Hooked", 1))
	bring(t, what.Chart, "Hooked")
	if err := p.Install(t.Context(), other, what, nil); !errors.As(err, &exposed) {
		t.Errorf("in a hook: %v", err)
	}
}

// newTarget is another release in the place's namespace.
func newTarget(p *place) tenant.Target {
	return tenant.Target{Namespace: p.target.Namespace, Release: "k-other"}
}

// TestBackToHostPorts goes back to what was installed before there was a rule:
// an instance must not be lost.
func TestBackToHostPorts(t *testing.T) {
	p := newPlace(t)
	agent := object("apps/v1", "Deployment", "agent", workload("x", onHost, "a/x"))
	if err := p.Install(t.Context(), p.target, plan(false, agent), nil); err != nil {
		t.Fatal(err)
	}
	p.use(tenant.Config{WithoutExposure: true})
	if err := p.Upgrade(t.Context(), p.target, plan(false, mapOf), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
}

// TestDeleteHooks are made as the plan says, too.
func TestDeleteHooks(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	for exposure, want := range map[bool]corev1.ServiceType{true: corev1.ServiceTypeNodePort, false: corev1.ServiceTypeClusterIP} {
		if err := p.Install(t.Context(), p.target, plan(exposure, mapOf, hooked(object("v1", "Service", "s", onNodes), "pre-delete")), nil); err != nil {
			t.Fatal(err)
		}
		if err := p.Uninstall(t.Context(), p.target); err != nil {
			t.Fatal(err)
		}
		if got := p.service("s").Spec.Type; got != want {
			t.Errorf("allowed %t: the hook's Service is of type %s", exposure, got)
		}
	}
}

// TestOperatorsAreExposed: the rule is for tenants.
func TestOperatorsAreExposed(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true})
	own := strings.Replace(workload("x", onHost, "a/x"), "metadata: {", "metadata: {annotations: {"+podgroup.Annotation+": operators}, ", 1)
	what := plan(false, object("apps/v1", "Deployment", "agent", own), object("v1", "Service", "s", onNodes))
	if err := p.Converge(t.Context(), t.Context(), p.target, what, "sha256:1111111111111111111111111111111111111111"); err != nil {
		t.Fatal(err)
	}
	if got := p.service("s").Spec.Type; got != corev1.ServiceTypeNodePort {
		t.Errorf("the Service is of type %s", got)
	}
	if got := p.groups()["x"]; got != "operators" {
		t.Errorf("the pod's policy group is %q", got)
	}
}
