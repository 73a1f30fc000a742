package networkpolicy_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const workloads = "cf-workloads" // apps' namespace of kind-deployment

var (
	admin    kubernetes.Interface
	broker   kubernetes.Interface // with the documented rights
	stranger kubernetes.Interface // with none

	adminConfig, brokerConfig *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Share(m, cluster.Options{}, func(c *cluster.Cluster) (err error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		adminConfig = c.RESTConfig()
		if admin, err = kubernetes.NewForConfig(adminConfig); err != nil {
			return err
		}
		_, err = admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: workloads}}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		granted, err := documented()
		if err != nil {
			return err
		}
		if brokerConfig, err = account(ctx, c, rig.Account{Namespace: "with", Prefix: "in", Granted: rig.Granted{Rules: granted}}); err != nil {
			return err
		}
		if broker, err = kubernetes.NewForConfig(brokerConfig); err != nil {
			return err
		}
		nobody := c.RESTConfig()
		nobody.Impersonate.UserName = "nobody"
		stranger, err = kubernetes.NewForConfig(nobody)
		return err
	}))
}

func account(ctx context.Context, c *cluster.Cluster, a rig.Account) (*rest.Config, error) {
	made, err := a.Make(ctx, c.RESTConfig())
	if err != nil {
		return nil, err
	}
	if err := made.AwaitConfined(ctx); err != nil {
		return nil, err
	}
	config := made.Config()
	config.QPS = -1
	return config, nil
}

// documented are the rights of networkpolicy/rbac.yaml.
func documented() ([]rbacv1.PolicyRule, error) {
	file, err := os.Open("../../deploy/kubernetes/networkpolicy/rbac.yaml")
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var role rbacv1.ClusterRole
	err = utilyaml.NewYAMLOrJSONDecoder(file, 4096).Decode(&role)
	return role.Rules, err
}

// ends are what a test says they are.
type ends struct {
	apps   map[string]string
	places map[string]networkpolicy.Place
	lost   map[string]error // groups of which nothing can be told
}

func (e ends) App(guid string) (string, bool) { space, is := e.apps[guid]; return space, is }
func (e ends) Place(_ context.Context, group string) (networkpolicy.Place, bool, error) {
	place, found := e.places[group]
	return place, found, e.lost[group]
}

// scene is an app, an instance in a closed namespace of its own, and an operator.
type scene struct {
	*testing.T
	*networkpolicy.Enforcer
	ends                 ends
	app, group, operator string
}

func newScene(t *testing.T, change ...func(*networkpolicy.Settings)) *scene {
	t.Helper()
	t.Parallel()
	apps, err := networkpolicy.Preset(networkpolicy.KindDeployment)
	if err != nil {
		t.Fatal(err)
	}
	settings := networkpolicy.Settings{Broker: "broker", Apps: apps}
	for _, f := range change {
		f(&settings)
	}
	s := &scene{T: t, app: uuid.NewString(), group: uuid.NewString(), operator: uuid.NewString()}
	s.ends = ends{apps: map[string]string{s.app: uuid.NewString()}, places: map[string]networkpolicy.Place{}, lost: map[string]error{}}
	for _, group := range []string{s.group, s.operator} {
		s.ends.places[group] = networkpolicy.Place{Clients: broker, Namespace: s.namespace(group), Closed: true}
	}
	if s.Enforcer, err = networkpolicy.New(settings, broker, s.ends); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scene) namespace(group string) string {
	s.Helper()
	return namespaceOf(s.T, group)
}

// namespaceOf makes one that is an instance's by its name and label.
func namespaceOf(t testing.TB, group string) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "in-" + group, Labels: map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"}}}
	if _, err := admin.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

func (s *scene) as(who kubernetes.Interface, change func(*networkpolicy.Settings)) *networkpolicy.Enforcer {
	s.Helper()
	apps, _ := networkpolicy.Preset(networkpolicy.KindDeployment)
	settings := networkpolicy.Settings{Broker: "broker", Apps: apps}
	change(&settings)
	e, err := networkpolicy.New(settings, who, s.ends)
	if err != nil {
		s.Fatal(err)
	}
	return e
}

// objects are the policy's, by namespace, whatever their labels say.
func (s *scene) objects(text string) []networkingv1.NetworkPolicy {
	s.Helper()
	list, err := admin.NetworkingV1().NetworkPolicies("").List(s.Context(), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	var found []networkingv1.NetworkPolicy
	for _, object := range list.Items {
		if object.Annotations[networkpolicy.PolicyAnnotation] == text {
			found = append(found, object)
		}
	}
	return found
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
