package helmsvc_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

var (
	local   *cluster.Cluster
	clients kubernetes.Interface
	charts  chart.Catalog
)

// TestMain is also the sandbox.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "sandbox" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{render.HandleName: render.Handle}))
	}
	os.Exit(cluster.Share(m, cluster.Options{Nodes: 1}, func(c *cluster.Cluster) (err error) {
		local = c
		if charts, err = chart.Load("testdata"); err != nil {
			return err
		}
		clients, err = kubernetes.NewForConfig(c.RESTConfig())
		return err
	}))
}

// place is where one test installs.
type place struct {
	*helmsvc.Cluster
	t      *testing.T
	ns     tenant.Namespace
	target tenant.Target
}

const owner = tenant.InstanceAnnotation

func newPlace(t *testing.T) *place {
	t.Helper()
	t.Parallel()
	return anotherPlace(t)
}

// anotherPlace is for a test that has a place already.
func anotherPlace(t *testing.T) *place {
	t.Helper()
	c, err := helmsvc.NewCluster(local.RESTConfig(), helmsvc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewString()
	p := &place{Cluster: c, t: t, target: tenant.TargetOf("t", id)}
	p.ns = tenant.Namespace{Name: p.target.Namespace, Annotations: map[string]string{owner: id, "group": id}, Owner: owner}
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Fatal(err)
	}
	return p
}

// install installs the test chart with these values.
func (p *place) install(ctx context.Context, parameters string, report func(readiness.Progress)) error {
	p.t.Helper()
	what, err := charts.Services[0].Render(ctx, charts.Services[0].Plans[0], p.target.Release, p.target.Namespace, json.RawMessage(parameters))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Install(ctx, p.target, what, report)
}

// Uninstall is all that comes before the namespace is deleted.
func (p *place) Uninstall(ctx context.Context, target tenant.Target) error {
	return errors.Join(p.Cluster.Uninstall(ctx, target, nil), p.DeleteOutside(ctx, target))
}

func (p *place) releases() []corev1.Secret {
	p.t.Helper()
	list, err := clients.CoreV1().Secrets(p.target.Namespace).List(p.t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		p.t.Fatal(err)
	}
	return list.Items
}

func TestNamespace(t *testing.T) {
	p := newPlace(t)
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Errorf("the same namespace again: %v", err)
	}
	other := p.ns
	other.Annotations = map[string]string{owner: "somebody else"}
	var conflict *tenant.ConflictError
	if _, err := p.EnsureNamespace(t.Context(), other); !errors.As(err, &conflict) {
		t.Errorf("somebody else's namespace: %v", err)
	}
	if err := p.DeleteNamespace(t.Context(), other, func(string) {}); err != nil {
		t.Error(err)
	}
	if _, err := clients.CoreV1().Namespaces().Get(t.Context(), p.ns.Name, metav1.GetOptions{}); err != nil {
		t.Errorf("somebody else's namespace was deleted: %v", err)
	}
	for range 2 {
		if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
			t.Error(err)
		}
	}
}

// limit is a context whose time is up when the test says so, not when a loaded
// machine has been slow.
type limit struct {
	context.Context
	done chan struct{}
	once sync.Once
}

func newLimit(t *testing.T) *limit { return &limit{Context: t.Context(), done: make(chan struct{})} }

func (l *limit) Deadline() (time.Time, bool) { return time.Now().Add(time.Minute), true }
func (l *limit) Done() <-chan struct{}       { return l.done }
func (l *limit) up()                         { l.once.Do(func() { close(l.done) }) }

func (l *limit) Err() error {
	select {
	case <-l.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// upWhen ends the limit when progress gives this reason.
func (l *limit) upWhen(reason string) func(readiness.Progress) {
	return func(p readiness.Progress) {
		if strings.Contains(p.Reason, reason) {
			l.up()
		}
	}
}

// TestStuckNamespace quotes Kubernetes on what holds a namespace up.
func TestStuckNamespace(t *testing.T) {
	p := newPlace(t)
	held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/hold"}}}
	held, err := clients.CoreV1().ConfigMaps(p.ns.Name).Create(t.Context(), held, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := newLimit(t)
	err = p.DeleteNamespace(ctx, p.ns, func(obstacle string) {
		if strings.Contains(obstacle, "configmaps") && strings.Contains(obstacle, "example.com/hold") {
			ctx.up() // it is told at once
		}
	})
	if err == nil || !strings.Contains(err.Error(), "example.com/hold") {
		t.Errorf("error %v, want one that names the finalizer", err)
	}
	if held, err = clients.CoreV1().ConfigMaps(p.ns.Name).Get(t.Context(), held.Name, metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	held.Finalizers = nil
	if _, err := clients.CoreV1().ConfigMaps(p.ns.Name).Update(t.Context(), held, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
		t.Error(err)
	}
}

func TestInstallTwice(t *testing.T) {
	p := newPlace(t)
	var progress []string
	var mu sync.Mutex
	report := func(now readiness.Progress) {
		mu.Lock()
		defer mu.Unlock()
		progress = append(progress, now.String())
	}
	for range 2 {
		if err := p.install(t.Context(), `{"replicas":2}`, report); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.releases()); n != 1 {
		t.Errorf("%d revisions of the release, want 1", n)
	}
	// The workload's watch may say that it is ready before the pods' watch does.
	for _, p := range progress {
		if !strings.Contains(p, " of 2 pods ready") {
			t.Errorf("the progress was %q", progress)
			break
		}
	}
	for range 2 {
		if err := p.Uninstall(t.Context(), p.target); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// TestInstallAfterCrash goes on where a killed process stopped.
func TestInstallAfterCrash(t *testing.T) {
	p := newPlace(t)
	ctx, crash := context.WithCancel(t.Context())
	err := p.install(ctx, `{}`, func(readiness.Progress) { crash() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the cancelled install returned %v", err)
	}
	// Nothing may be written once Install has returned: Helm's own idea, to
	// mark the release as failed, must have been thwarted.
	left := p.releases()
	if len(left) != 1 || left[0].Labels["status"] != "pending-install" {
		t.Fatalf("the cancelled install left %d revisions: %+v", len(left), left)
	}
	before := p.password()
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	if now := p.releases(); len(now) != 1 || now[0].Labels["status"] != "deployed" {
		t.Errorf("the release is %+v", now)
	}
	if after := p.password(); after != before {
		t.Error("the generated password has changed")
	}
}

func (p *place) password() string {
	p.t.Helper()
	secret, err := clients.CoreV1().Secrets(p.target.Namespace).Get(p.t.Context(), p.target.Release, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(secret.Data["password"])
}

// TestLeftover isn't installed over: what is missing, or failed, can't be
// finished.
func TestLeftover(t *testing.T) {
	p := newPlace(t)
	ctx, crash := context.WithCancel(t.Context())
	if err := p.install(ctx, `{}`, func(readiness.Progress) { crash() }); err == nil {
		t.Fatal("the cancelled install went well")
	}
	if err := clients.CoreV1().Services(p.ns.Name).Delete(t.Context(), p.target.Release, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := p.install(t.Context(), `{}`, nil); !errors.Is(err, release.ErrLeftover) {
		t.Errorf("over a half-made release: %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
}

// definitionOf is the CRD of example.com/v1's kind of this name.
func definitionOf(kind string) *apiextensionsv1.CustomResourceDefinition {
	preserve := true
	plural := strings.ToLower(kind) + "s"
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: plural + ".example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: plural, Kind: kind},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true, Schema: &apiextensionsv1.CustomResourceValidation{
				OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &preserve},
			}}},
		},
	}
}

// TestGoneKind uninstalls a release of which the cluster no longer knows a
// kind.
func TestGoneKind(t *testing.T) {
	p := newPlace(t)
	extensions, err := apiextensions.NewForConfig(local.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	definition := definitionOf("Passing")
	definitions := extensions.ApiextensionsV1().CustomResourceDefinitions()
	if _, err := definitions.Create(t.Context(), definition, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	install := func() error { return p.install(t.Context(), `{"custom":"Passing"}`, nil) }
	unserved := new(manifest.UnservedError)
	for err = install(); errors.As(err, &unserved); err = install() {
		t.Log("the kind isn't served yet") // discovery lags behind
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := definitions.Delete(t.Context(), definition.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// The next process doesn't know the kind from before.
	if p.Cluster, err = helmsvc.NewCluster(local.RESTConfig(), helmsvc.Config{}); err != nil {
		t.Fatal(err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
	services, err := clients.CoreV1().Services(p.ns.Name).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(services.Items) != 0 {
		t.Errorf("%d Services are left, %v", len(services.Items), err)
	}
}

// TestHangingHooks are named when an install waits for them, and given up when
// an uninstall does.
func TestHangingHooks(t *testing.T) {
	p := newPlace(t)
	ctx := newLimit(t)
	err := p.install(ctx, `{"hooks":"fault.local/pull-error:1"}`, ctx.upWhen("can't pull its image"))
	if err == nil || !strings.Contains(err.Error(), "a hook did not end in time") || !strings.Contains(err.Error(), "can't pull its image fault.local/pull-error:1") {
		t.Errorf("error %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if err := p.install(t.Context(), `{"deleteHook":"fault.local/never-ready:1"}`, nil); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Uninstall(limited, p.target); err != nil {
		t.Errorf("a hanging delete hook: %v", err)
	}
}

func TestTimeLimit(t *testing.T) {
	p := newPlace(t)
	ctx := newLimit(t)
	err := p.install(ctx, `{"image":"fault.local/pull-error:1"}`, ctx.upWhen("can't pull its image"))
	var notReady *readiness.NotReadyError
	if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "0 of 1 pods ready") || !strings.Contains(err.Error(), "can't pull its image") {
		t.Errorf("error %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Error(err)
	}
}

// TestQuota says why no pod could be made at all.
func TestQuota(t *testing.T) {
	p := newPlace(t)
	if _, err := cluster.Fill(t.Context(), clients, p.ns.Name); err != nil {
		t.Fatal(err)
	}
	ctx := newLimit(t)
	if err := p.install(ctx, `{}`, ctx.upWhen("exceeded quota")); err == nil || !strings.Contains(err.Error(), "exceeded quota") {
		t.Errorf("error %v", err)
	}
}

// TestHooks runs a chart's hooks, and uninstalls in spite of one that fails.
func TestHooks(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{"hooks":"registry.example.com/hook:1"}`, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	q := &place{Cluster: p.Cluster, t: t, ns: p.ns, target: tenant.Target{Namespace: p.target.Namespace, Release: "k-other"}}
	if err := q.install(t.Context(), `{"deleteHook":"fault.local/crash:1"}`, nil); err != nil {
		t.Fatal(err)
	}
	if err := q.Uninstall(t.Context(), q.target); err != nil {
		t.Errorf("a failing delete hook: %v", err)
	}
	if n := len(q.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// TestCancelledInHook ends while a hook is being waited for.
func TestCancelledInHook(t *testing.T) {
	p := newPlace(t)
	ctx, cancel := context.WithCancel(t.Context())
	installed := make(chan error, 1)
	go func() { installed <- p.install(ctx, `{"hooks":"fault.local/never-ready:1"}`, nil) }()
	watch, err := clients.CoreV1().Pods(p.ns.Name).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	<-watch.ResultChan() // the hook's pod
	cancel()
	if err := <-installed; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled install returned %v", err)
	}
}

// TestPodsThatMove waits for a ready pod, and offers its new address.
func TestPodsThatMove(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	before, err := p.ViewReady(t.Context(), p.target, "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	address, err := local.RestartPod(t.Context(), p.ns.Name, before.Pods[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	after, err := p.ViewReady(t.Context(), p.target, "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Endpoints[0].Host; got != address || got == before.Endpoints[0].Host {
		t.Errorf("the endpoint is %s, the pod's new address %s", got, address)
	}
}

// TestMissingRight names the right that is missing, at once, where a watch
// would otherwise be tried until the time limit.
func TestMissingRight(t *testing.T) {
	p := newPlace(t)
	user := "limited-" + p.ns.Name
	everything := []string{"*"}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{
		{APIGroups: everything, Resources: everything, Verbs: []string{"get", "create", "update", "patch", "delete"}},
		{APIGroups: []string{""}, Resources: everything, Verbs: []string{"list", "watch"}},
	}}
	if _, err := clients.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}
	if _, err := clients.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := local.RESTConfig()
	config.Impersonate.UserName = user
	limited, err := helmsvc.NewCluster(config, helmsvc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p.Cluster = limited
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = p.install(ctx, `{}`, nil)
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), `cannot list resource "deployments"`) {
		t.Errorf("error %v", err)
	}
}
