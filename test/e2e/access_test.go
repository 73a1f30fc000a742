package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const accessCharts = "charts-access"

const groupAnnotation = "cf-helm-broker.io/policy-group-id"

// all are policies from a group to another's every port.
func all(from, to string) []cf.Policy {
	return []cf.Policy{cf.NewPolicy(from, to, "tcp", 1, 65535), cf.NewPolicy(from, to, "udp", 1, 65535)}
}

func dns(from, to string) []cf.Policy {
	return []cf.Policy{cf.NewPolicy(from, to, "tcp", 53, 53), cf.NewPolicy(from, to, "udp", 53, 53)}
}

// TestOwnAccess lets the pods of one instance reach each other and the
// cluster's DNS, from before they start until the instance is gone.
func TestOwnAccess(t *testing.T) {
	group := uuid.NewString()
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_WITHIN_INSTANCE": "true", "POLICY_DNS_GROUP": group, "POLICY_RESYNC": "500ms"})
	i := f.instance("pair", "both")
	f.want(202)(f.Provision(t.Context(), i, map[string]any{"image": cluster.ImageNeverReady + ":1"}))
	own := slices.Concat(all(i.ID, i.ID), dns(i.ID, group))
	f.eventually("access is open before the pods are ready", func() bool { return len(f.cf.Policies()) == len(own) })
	f.wantPolicies(own...)
	f.delete(i) // the create is cancelled

	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Down})
	i = f.create("pair", "both", nil) // which doesn't wait for the policy server
	f.cf.Clear()
	own = slices.Concat(all(i.ID, i.ID), dns(i.ID, group))
	f.eventually("access is opened later", func() bool { return len(f.cf.Policies()) == len(own) })
	f.wantPolicies(own...)
	if _, err := f.cf.Cleanup(); err != nil {
		t.Fatal(err)
	}
	f.eventually("the cleanup is healed", func() bool { return len(f.cf.Policies()) == len(own) })
	f.must(f.broker.Kill())
	f.start()
	f.delete(i)
	f.wantPolicies()
}

// TestPlaceholderApp points policies to a stopped app, which CF's cleanup
// spares, and deletes it with the instance.
func TestPlaceholderApp(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{
		"POLICY_DESTINATION": "app", "CF_ORG": "demo", "CF_SPACE": "dev", "POLICY_WITHIN_INSTANCE": "true",
	})
	i := f.create("pair", "both", nil)
	apps := f.cf.Apps()
	if len(apps) != 1 || apps[0].State != cf.Stopped || apps[0].Space != f.cf.Space() || apps[0].Annotations["cf-helm-broker.io/service-instance"] != i.ID {
		t.Fatalf("apps %+v", apps)
	}
	group := apps[0].GUID
	f.wantGroup(i, group)
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	open := slices.Concat(all(group, group), []cf.Policy{cf.NewPolicy(app, group, "tcp", 8080, 8080), cf.NewPolicy(app, group, "tcp", 5432, 5432)})
	f.wantPolicies(open...)
	lost, err := f.cf.Cleanup()
	f.must(err)
	if len(lost) != 0 {
		t.Errorf("the cleanup has deleted %+v", lost)
	}
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.wantPolicies(all(group, group)...)
	f.contains(f.refused("give --yes", "forget", i.ID), "placeholder app, deleted with: cf curl -X DELETE /v3/apps/"+group)
	// The platform doesn't wait for Cloud Foundry's own API.
	f.cf.Fault(cf.CC, cf.Fault{Kind: cf.Down})
	f.ended(i, f.want(202)(f.Deprovision(t.Context(), i)).Operation())
	f.cf.Clear()
	f.nothingLeft(i)
	f.wantPolicies()
	if apps := f.cf.Apps(); len(apps) != 1 || apps[0].GUID != app {
		t.Errorf("apps %+v are left, want the bound one alone", apps)
	}
}

// TestWorkloadGroups gives each workload a policy group of its own: an app
// reaches of each only its ports.
func TestWorkloadGroups(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_DESTINATION": "workload", "POLICY_WITHIN_INSTANCE": "true"})
	i := f.create("pair", "both", nil)
	f.wantGroup(i, i.ID)
	web, db := workloadGroup(i, "Deployment", "web"), workloadGroup(i, "StatefulSet", "db")
	groups := map[string]bool{}
	for _, pod := range f.pods(i) {
		groups[pod.Annotations[groupAnnotation]] = true
	}
	if len(groups) != 2 || !groups[web] || !groups[db] {
		t.Fatalf("the pods are in the groups %v, want %s and %s", groups, web, db)
	}
	f.wantClaims(i, map[string]bool{"": true, i.ID: true, web: true, db: true, uuid.NewString(): false, workloadGroup(rig.Instance{ID: uuid.NewString()}, "Deployment", "web"): false})
	var own []cf.Policy
	for _, from := range []string{i.ID, web, db} {
		for _, to := range []string{i.ID, web, db} {
			own = append(own, all(from, to)...)
		}
	}
	f.eventually("the workloads reach each other", func() bool { return len(f.cf.Policies()) == len(own) })
	f.wantPolicies(own...)
	app := f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.wantPolicies(append(own, cf.NewPolicy(app, web, "tcp", 8080, 8080), cf.NewPolicy(app, db, "tcp", 5432, 5432))...)
	f.delete(i)
	f.wantPolicies()
}

// wantClaims tries, as the instance, to make pods that name these groups.
func (f *foundation) wantClaims(i rig.Instance, groups map[string]bool) {
	f.t.Helper()
	instance, err := kubernetes.NewForConfig(tenant.AsInstance(shared.RESTConfig(), f.namespace(i)))
	f.must(err)
	for group, admitted := range groups {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "claim", Annotations: map[string]string{groupAnnotation: group}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/pod:1"}}},
		}
		_, err := instance.CoreV1().Pods(f.namespace(i)).Create(f.t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		refused := err != nil && strings.Contains(err.Error(), "a pod's policy group is its service instance's")
		if admitted && err != nil || !admitted && !refused {
			f.t.Errorf("a pod that claims the group %q, which is the instance's (%t): %v", group, admitted, err)
		}
	}
}

// workloadGroup is UUIDv5 of the instance's GUID and "Kind/name".
func workloadGroup(i rig.Instance, kind, suffix string) string {
	return uuid.NewSHA1(uuid.MustParse(i.ID), []byte(kind+"/"+tenant.ReleaseName(i.ID)+"-"+suffix)).String()
}

// wantGroup fails unless the namespace names the policy group.
func (f *foundation) wantGroup(i rig.Instance, group string) {
	f.t.Helper()
	namespace, err := kube.CoreV1().Namespaces().Get(f.t.Context(), f.namespace(i), metav1.GetOptions{})
	f.must(err)
	if have := namespace.Annotations[groupAnnotation]; have != group {
		f.t.Errorf("the namespace's policy group is %q, want %q", have, group)
	}
}

// TestPortsFollow opens what an instance begins to offer, and after an update
// closes what it doesn't offer any more.
func TestPortsFollow(t *testing.T) {
	f := newFoundation(t, accessCharts, nil)
	i := f.create("pair", "both", nil)
	app, second := f.app(), f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), second))
	to := func(ports ...int) (policies []cf.Policy) {
		for _, port := range ports {
			policies = append(policies, cf.NewPolicy(app, i.ID, "tcp", port, port), cf.NewPolicy(second, i.ID, "tcp", port, port))
		}
		return policies
	}
	f.wantPolicies(to(8080, 5432)...)
	open := func(ports ...int) func() bool {
		return func() bool { return f.samePolicies(to(ports...)) }
	}
	services := kube.CoreV1().Services(f.namespace(i))
	patch := `[{"op":"add","path":"/spec/ports/-","value":{"name":"more","port":9090}}]`
	_, err := services.Patch(t.Context(), tenant.ReleaseName(i.ID)+"-db", types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	f.must(err)
	f.eventually("the new port is open", open(8080, 5432, 9090))
	// Somebody scales it down: apps still have their access when it is back.
	scale := func(replicas int) {
		patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas)
		_, err = kube.AppsV1().StatefulSets(f.namespace(i)).Patch(t.Context(), tenant.ReleaseName(i.ID)+"-db", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		f.must(err)
		f.eventually("the database is scaled", func() bool { return len(f.pods(i)) == 1+replicas })
	}
	scale(0)
	f.wantPolicies(to(8080, 5432, 9090)...)
	scale(1)

	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError, Times: 3, Route: "POST /networking/v1/external/policies"})
	change := map[string]any{"parameters": map[string]any{"webPort": 8081}, "plan_id": i.Plan.ID}
	f.ready(i, f.want(202)(f.Update(t.Context(), i, change)).Operation())
	f.eventually("the web's new port is open and its old one closed", func() bool {
		return slices.ContainsFunc(f.cf.Policies(), func(p cf.Policy) bool { return p == to(8081)[0] }) &&
			!slices.ContainsFunc(f.cf.Policies(), func(p cf.Policy) bool { return p == to(8080)[0] || p == to(8080)[1] })
	})
	_, database, err := f.catalog.Find("pair", "database")
	f.must(err)
	f.ready(i, f.want(202)(f.Update(t.Context(), i, map[string]any{"plan_id": database.ID})).Operation())
	f.eventually("the other plan opens the database only", open(5432))
	f.delete(i)
	f.wantPolicies()
}

// samePolicies tells whether exactly these policies exist.
func (f *foundation) samePolicies(want []cf.Policy) bool {
	have := f.cf.Policies()
	for _, p := range want {
		if !slices.Contains(have, p) {
			return false
		}
	}
	return len(have) == len(want)
}

// TestStaleBinding shows which bindings hold an address that no pod has any
// more.
func TestStaleBinding(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_RESYNC": "200ms"})
	i := f.create("pair", "both", nil)
	app := f.app()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app))
	f.wantStale(0)
	lost := f.pods(i)[slices.IndexFunc(f.pods(i), func(p corev1.Pod) bool { return strings.Contains(p.Name, "-web-") })]
	deployment := tenant.ReleaseName(i.ID) + "-web"
	_, err := kube.AppsV1().Deployments(lost.Namespace).Patch(t.Context(), deployment, types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{})
	f.must(err)
	f.wantStale(1)
	shown, _ := f.operator(0, "show", i.ID)
	if want := "no pod has the address " + lost.Status.PodIP + " any more; app " + app; !strings.Contains(shown, want) {
		t.Errorf("broker instances show says\n%s\nwithout %q", shown, want)
	}
	f.delete(i)
}

func (f *foundation) metrics() string {
	f.t.Helper()
	return string(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/metrics", nil)).Body)
}

// TestSharedDestinations opens shared services with a bind, and closes them
// with the last binding of an app that needs them, of whatever instance.
func TestSharedDestinations(t *testing.T) {
	const namespace, planGroup = "access-test-shared", "6f0c2f6e-2f0b-4d4e-9d7e-3c5a8f0b1d2e"
	logs := uuid.NewString()
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_RESYNC": "500ms", "POLICY_WITHIN_INSTANCE": "false", "SHARED_DESTINATIONS": fmt.Sprintf(
		`[{"name": "logs", "namespace": %q, "selector": {"app": "shared-logs"}, "group": %q, "ports": [514]}]`, namespace, logs)})
	makeNamespace(t, namespace)
	dnsIP := f.sharedPod(namespace, "shared-dns")
	one := f.create("pair", "dns", nil)
	app, first, second := f.app(), uuid.NewString(), uuid.NewString()
	answer := f.want(503)(f.Bind(t.Context(), one, first, app))
	if !strings.Contains(answer.Description(), "logs") || len(f.cf.Policies()) != 0 {
		t.Errorf("without a pod of the shared service the bind got %s, and there are %+v", answer.Body, f.cf.Policies())
	}
	logsIP := f.sharedPod(namespace, "shared-logs")
	answer = f.want(201)(f.Bind(t.Context(), one, first, app))
	var body struct {
		Credentials struct {
			Destinations json.RawMessage `json:"destinations"`
		} `json:"credentials"`
	}
	f.must(answer.Decode(&body))
	want := fmt.Sprintf(`[{"name":"logs","endpoints":[{"host":%q,"port":514,"protocol":"tcp","name":"logs"}]},`+
		`{"name":"dns","endpoints":[{"host":%q,"port":53,"protocol":"udp","name":"dns"},{"host":%q,"port":53,"protocol":"tcp","name":"dns"}]}]`, logsIP, dnsIP, dnsIP)
	if string(body.Credentials.Destinations) != want {
		t.Errorf("destinations %s, want %s", body.Credentials.Destinations, want)
	}
	f.sharedServiceMoves(one, namespace, dnsIP, app)
	other := f.create("pair", "both", nil)
	f.want(201)(f.Bind(t.Context(), other, second, app))
	open := func(i rig.Instance) []cf.Policy {
		return []cf.Policy{cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "tcp", 5432, 5432)}
	}
	shared := cf.NewPolicy(app, logs, "tcp", 514, 514)
	f.wantPolicies(slices.Concat(open(one), open(other), dns(app, planGroup), []cf.Policy{shared})...)
	f.want(200)(f.Unbind(t.Context(), one, first))
	f.wantPolicies(append(open(other), shared)...)
	f.delete(other)
	f.wantPolicies()
	f.delete(one)
}

// sharedServiceMoves replaces a shared service's pod, and has the binding noticed
// that was issued its address.
func (f *foundation) sharedServiceMoves(i rig.Instance, namespace, address, app string) {
	f.t.Helper()
	f.wantStale(0)
	if now := f.sharedPodNamed(namespace, "another", "shared-dns"); now == address {
		f.t.Fatalf("the new pod has the address %s as well", now)
	}
	f.must(kube.CoreV1().Pods(namespace).Delete(f.t.Context(), "shared-dns", *metav1.NewDeleteOptions(0)))
	f.wantStale(1)
	shown, _ := f.operator(0, "show", i.ID)
	f.contains(shown, "no pod has the address "+address+" any more; app "+app)
}

// sharedPod makes a pod and returns its address when it is ready.
func (f *foundation) sharedPod(namespace, label string) (address string) {
	f.t.Helper()
	return f.sharedPodNamed(namespace, label, label)
}

func (f *foundation) sharedPodNamed(namespace, name, label string) (address string) {
	f.t.Helper()
	pods := kube.CoreV1().Pods(namespace)
	_, err := pods.Create(f.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": label}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/shared:1"}}},
	}, metav1.CreateOptions{})
	f.must(err)
	f.eventually("the shared pod is ready", func() bool {
		pod, err := pods.Get(f.t.Context(), name, metav1.GetOptions{})
		f.must(err)
		address = pod.Status.PodIP
		return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
	})
	return address
}

// TestNothingAroundPolicies installs Services closed, and refuses host ports
// before anything is made, unless the plan allows exposure.
func TestNothingAroundPolicies(t *testing.T) {
	f := newFoundation(t, accessCharts, nil)
	i := f.create("pair", "both", nil)
	for _, s := range f.services(i) {
		if s.Spec.Type != corev1.ServiceTypeClusterIP || s.Spec.Ports[0].NodePort != 0 {
			t.Errorf("Service %s is of type %s with node port %d", s.Name, s.Spec.Type, s.Spec.Ports[0].NodePort)
		}
	}
	f.delete(i)
	i = f.instance("pair", "both")
	o := f.ended(i, f.want(202)(f.Provision(t.Context(), i, map[string]any{"hostPort": 8080})).Operation())
	for _, word := range []string{"Deployment " + tenant.ReleaseName(i.ID) + "-web", "hostPort", "allow_exposure"} {
		if o.State != "failed" || !strings.Contains(o.Description, word) {
			t.Errorf("the create with a host port ended as %+v, want it failed with %q", o, word)
		}
	}
	if len(f.pods(i)) != 0 || len(f.services(i)) != 0 {
		t.Error("something was made before the host port was refused")
	}
	f.delete(i)
	i = f.create("pair", "exposed", map[string]any{"hostPort": 8080, "webType": "NodePort"})
	for _, s := range f.services(i) {
		if s.Spec.Ports[0].NodePort == 0 {
			t.Errorf("Service %s has no node port, though its plan allows exposure", s.Name)
		}
	}
	f.delete(i)
}

func (f *foundation) services(i rig.Instance) []corev1.Service {
	f.t.Helper()
	services, err := kube.CoreV1().Services(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	return services.Items
}

// TestSCTPOnly refuses a bind that could open nothing of what there is.
func TestSCTPOnly(t *testing.T) {
	f := newFoundation(t, accessCharts, nil)
	i := f.create("pair", "both", map[string]any{"protocol": "SCTP", "webType": "ClusterIP"})
	refused := f.want(422)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	for _, word := range []string{"8080/sctp (http)", "5432/sctp (db)"} {
		if !strings.Contains(strings.ToLower(refused.Description()), word) {
			t.Errorf("the refusal doesn't name %s: %s", word, refused.Body)
		}
	}
	f.delete(i)
}
