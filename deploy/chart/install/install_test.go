// Package install_test installs, upgrades and uninstalls the broker's chart on a real API
// server. What it can't show: the broker within its image.
package install_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	name      = "services" // of the release
	namespace = "platform"
	patience  = 5 * time.Minute
)

var (
	config     *rest.Config
	kube       kubernetes.Interface
	kubeconfig string
	binary     string
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cf-helm-broker-chart-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(m, cluster.Options{}, func(c *cluster.Cluster) (err error) {
		config, kubeconfig = c.RESTConfig(), c.Kubeconfig()
		if kube, err = kubernetes.NewForConfig(config); err != nil {
			return err
		}
		binary, err = rig.Build(context.Background(), folder, rig.Plain)
		return err
	})
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

// TestOperatorsDay is what an operator does with the chart: install, upgrade, try to
// uninstall while there is an instance, and uninstall.
func TestOperatorsDay(t *testing.T) {
	o := newOperator(t)
	o.install()
	password := o.password()
	account := must(rig.ServiceAccount(t.Context(), config, namespace, name))(t)
	if err := account.AwaitConfined(t.Context()); err != nil {
		t.Error(err)
	}

	o.upgrade(map[string]any{
		"replicas": 3, "formerNamespacePrefixes": []any{"old"}, "appNamespaces": []any{}, "register": map[string]any{"enabled": true},
		"cf": map[string]any{"api": "https://api.example.com", "clientId": registrar.ID, "clientSecret": registrar.Secret},
	}, true)
	if replicas := must(kube.AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{}))(t).Status.AvailableReplicas; replicas != 3 {
		t.Errorf("after the upgrade %d replicas are available, want 3", replicas)
	}
	if o.password() != password {
		t.Error("the upgrade has changed the password")
	}

	o.offersServices(account)
	o.asksForInstances(account)
	o.isRefused()
	o.uninstall()
	o.leavesRecordsAlone()
}

// operator is somebody with Helm and every right.
type operator struct {
	t     *testing.T
	helm  *action.Configuration
	chart *chart.Chart
	left  string // an instance's id
	cf    *cf.Server
}

// registrar is a client of UAA by which a broker can be registered, and policies be kept.
var registrar = cf.Client{ID: "cf-helm-broker", Secret: "s3cr3t", Authorities: []string{"cloud_controller.admin", "network.admin"}}

// newOperator makes the namespace, as deploy/kubernetes/namespace.yaml has it.
func newOperator(t *testing.T) *operator {
	t.Helper()
	restricted := map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	must(kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: restricted}}, metav1.CreateOptions{}))(t)
	foundation := must(cf.Start(cf.Options{}))(t)
	t.Cleanup(foundation.Close)
	foundation.AddClient(registrar)
	return &operator{t: t, helm: helm(t, namespace), chart: must(loader.LoadDir(".."))(t), left: uuid.NewString(), cf: foundation}
}

func helm(t *testing.T, namespace string) *action.Configuration {
	t.Helper()
	settings := cli.New()
	settings.KubeConfig = kubeconfig
	settings.SetNamespace(namespace)
	configuration := new(action.Configuration)
	if err := configuration.Init(settings.RESTClientGetter(), namespace, "secret", func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	return configuration
}

func (o *operator) install() {
	o.t.Helper()
	install := action.NewInstall(o.helm)
	install.ReleaseName, install.Namespace, install.Wait, install.Timeout = name, namespace, true, patience
	made := must(install.RunWithContext(o.t.Context(), o.chart, map[string]any{"namespacePrefix": "apps"}))(o.t)
	if !strings.Contains(made.Info.Notes, "http://services.platform") || strings.Contains(made.Info.Notes, o.password()) {
		o.t.Errorf("it says:\n%s", made.Info.Notes)
	}
}

func (o *operator) upgrade(values map[string]any, wait bool) {
	o.t.Helper()
	upgrade := action.NewUpgrade(o.helm)
	upgrade.Namespace, upgrade.ReuseValues, upgrade.Wait, upgrade.Timeout = namespace, true, wait, patience
	must(upgrade.RunWithContext(o.t.Context(), name, o.chart, values))(o.t)
}

func (o *operator) password() string {
	o.t.Helper()
	secret := must(kube.CoreV1().Secrets(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	password := string(secret.Data["SECURITY_USER_PASSWORD"])
	if len(password) != 40 {
		o.t.Errorf("the password has %d characters", len(password))
	}
	return password
}

// asksForInstances does what the Job does before an uninstall, as its account, and leaves
// an instance's record.
func (o *operator) asksForInstances(account *rig.Made) {
	o.t.Helper()
	records := must(record.NewStore(kube, namespace))(o.t)
	file := filepath.Join(o.t.TempDir(), "kubeconfig")
	if err := account.Kubeconfig(file); err != nil {
		o.t.Fatal(err)
	}
	ask := func() (string, error) {
		command := exec.CommandContext(o.t.Context(), binary, "instances", "none")
		command.Env = []string{"KUBECONFIG=" + file, "BROKER_NAMESPACE=" + namespace}
		said, err := command.CombinedOutput()
		return string(said), err
	}
	if said, err := ask(); err != nil || said != "there are no service instances\n" {
		o.t.Errorf("without an instance: %v: %s", err, said)
	}
	must(records.CreateInstance(o.t.Context(), record.Instance{ID: o.left, Chart: record.Chart{Name: "redis"}}))(o.t)
	const words = "broker: instances none: there are service instances: 1 of redis; without the broker nobody can change or delete them"
	if said, err := ask(); err == nil || !strings.HasPrefix(said, words) {
		o.t.Errorf("with an instance: %v: %s", err, said)
	}
}

// isRefused tries to uninstall where the Job fails, and puts the release right again.
func (o *operator) isRefused() {
	o.t.Helper()
	before := must(o.helm.Releases.Last(name))(o.t)
	o.upgrade(map[string]any{"image": map[string]any{"repository": cluster.ImageCrash}, "register": map[string]any{"enabled": false}}, false)
	if _, err := o.uninstalled(); err == nil || !strings.Contains(err.Error(), "services-uninstall failed") {
		o.t.Fatalf("uninstalling: %v", err)
	}
	must(kube.AppsV1().Deployments(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	rollback := action.NewRollback(o.helm)
	rollback.Version, rollback.Wait, rollback.Timeout = before.Version, true, patience
	if err := rollback.Run(name); err != nil {
		o.t.Fatal(err)
	}
	if now := must(o.helm.Releases.Last(name))(o.t); now.Info.Status != release.StatusDeployed {
		o.t.Errorf("after helm rollback the release is %s", now.Info.Status)
	}
}

func (o *operator) uninstalled() (*release.UninstallReleaseResponse, error) {
	uninstall := action.NewUninstall(o.helm)
	uninstall.Wait, uninstall.Timeout = true, patience
	return uninstall.Run(name)
}

func (o *operator) uninstall() {
	o.t.Helper()
	must(o.uninstalled())(o.t)
	for what, err := range map[string]error{
		"Deployment":                error1(kube.AppsV1().Deployments(namespace).Get(o.t.Context(), name, metav1.GetOptions{})),
		"Secret":                    error1(kube.CoreV1().Secrets(namespace).Get(o.t.Context(), name, metav1.GetOptions{})),
		"Job":                       error1(kube.BatchV1().Jobs(namespace).Get(o.t.Context(), name+"-uninstall", metav1.GetOptions{})),
		"Job to deregister":         error1(kube.BatchV1().Jobs(namespace).Get(o.t.Context(), name+"-deregister", metav1.GetOptions{})),
		"ClusterRole":               error1(kube.RbacV1().ClusterRoles().Get(o.t.Context(), namespace+"-"+name, metav1.GetOptions{})),
		"ValidatingAdmissionPolicy": error1(kube.AdmissionregistrationV1().ValidatingAdmissionPolicies().Get(o.t.Context(), namespace+"-"+name, metav1.GetOptions{})),
	} {
		if !apierrors.IsNotFound(err) {
			o.t.Errorf("the %s isn't gone: %v", what, err)
		}
	}
}

// leavesRecordsAlone: whoever has uninstalled in spite of instances installs again.
func (o *operator) leavesRecordsAlone() {
	o.t.Helper()
	must(kube.CoreV1().Secrets(namespace).Get(o.t.Context(), fmt.Sprintf("instance.%s", o.left), metav1.GetOptions{}))(o.t)
}

func error1[T any](_ T, err error) error { return err }

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
