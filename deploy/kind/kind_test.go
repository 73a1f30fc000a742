// Package kind_test has a broker run with the settings and the rights that deploy/kind and
// deploy/kind-c2c give it, against a real API server and a Cloud Foundry stand-in. What it
// can't show: images, packets, and kind-deployment itself.
package kind_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	name = "cf-helm-broker" // of the broker's namespace, Deployment and Secret
	apps = "cf-workloads"   // kind-deployment's namespace of apps
)

var (
	config *rest.Config
	admin  kubernetes.Interface
	binary string
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cf-helm-broker-kind-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(m, cluster.Options{}, func(c *cluster.Cluster) (err error) {
		config = c.RESTConfig()
		if admin, err = kubernetes.NewForConfig(config); err != nil {
			return err
		}
		if binary, err = rig.Build(context.Background(), folder, rig.Plain); err != nil {
			return err
		}
		_, err = admin.CoreV1().Namespaces().Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: apps}}, metav1.CreateOptions{})
		return err
	})
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

// TestTryOnKind is what docs/try-on-kind.md has one do: deploy, create, bind, unbind,
// delete; and then the same with Cloud Foundry's policy server.
func TestTryOnKind(t *testing.T) {
	w := &world{t: t}
	w.cf = must(cf.Start(cf.Options{TLS: true}))(t)
	t.Cleanup(w.cf.Close)

	w.deploy("kind")
	for service, plan := range map[string]string{"redis": "persistent", "postgresql": "small"} {
		i := w.create(service, plan)
		app, binding := uuid.NewString(), uuid.NewString()
		w.bind(i, binding, app)
		w.wantOpen(i, app, true)
		rig.Want(t, 200)(w.Unbind(t.Context(), i, binding))
		w.wantOpen(i, app, false)
		w.delete(i)
	}
	i := w.create("echo", "single")
	app, binding := w.cf.AddApp(cf.App{}).GUID, uuid.NewString()
	w.bind(i, binding, app)
	w.wantOpen(i, app, true)
	if len(w.cf.Policies()) > 0 {
		t.Errorf("without c2c there are %+v", w.cf.Policies())
	}

	w.deploy("kind-c2c")
	w.eventually("the policy server has the policy of a binding from before", func() bool { return w.inPolicyServer(app) })
	w.wantOpen(i, app, true)
	rig.Want(t, 200)(w.Unbind(t.Context(), i, binding))
	w.wantOpen(i, app, false)
	w.eventually("the policy server has it no longer", func() bool { return !w.inPolicyServer(app) })
	w.delete(i)
}
