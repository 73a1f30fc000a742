package kind_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// world is a Cloud Foundry, and the broker that is deployed.
type world struct {
	*rig.Client
	t       *testing.T
	cf      *cf.Server
	broker  *rig.Broker
	catalog rig.Catalog
}

// deploy applies the folder, and runs the broker as the pods would: with their settings, as
// their account.
func (w *world) deploy(folder string) {
	w.t.Helper()
	account := must(rig.Deploy(w.t.Context(), config, folder))(w.t)
	w.makeSecret()
	w.eventually("Kubernetes takes the pods", func() bool {
		d := must(admin.AppsV1().Deployments(name).Get(w.t.Context(), name, metav1.GetOptions{}))(w.t)
		return d.Status.ObservedGeneration == d.Generation && d.Status.UpdatedReplicas == 2 && d.Status.AvailableReplicas == 2
	})
	settings := w.settings()
	settings["KUBECONFIG"] = filepath.Join(w.t.TempDir(), "kubeconfig")
	settings["HELM_CHART_DIR"] = "../../charts" // the image's
	if err := account.Kubeconfig(settings["KUBECONFIG"]); err != nil {
		w.t.Fatal(err)
	}
	if w.broker != nil {
		if err := w.broker.Stop(); err != nil {
			w.t.Fatal(err)
		}
	}
	w.broker = must(rig.Start(w.t.Context(), binary, settings, nil))(w.t)
	w.broker.StopAfter(w.t)
	w.Client = w.broker.Client()
	w.t.Cleanup(func() {
		if strings.Contains(w.broker.Log(), "forbidden") {
			w.t.Errorf("the account lacks rights:\n%s", w.broker.Log())
		}
	})
	if err := account.AwaitConfined(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.catalog = must(w.Catalog(w.t.Context()))(w.t)
}

func (w *world) makeSecret() {
	w.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{
		"SECURITY_USER_NAME": rig.Username, "SECURITY_USER_PASSWORD": rig.Password,
		"CF_CLIENT_ID": w.cf.Client().ID, "CF_CLIENT_SECRET": w.cf.Client().Secret,
	}}
	secrets := admin.CoreV1().Secrets(name)
	_ = secrets.Delete(w.t.Context(), name, metav1.DeleteOptions{})
	must(secrets.Create(w.t.Context(), secret, metav1.CreateOptions{}))(w.t)
}

// settings are those of the Deployment, with the stand-in for the Cloud Foundry that it names.
func (w *world) settings() map[string]string {
	w.t.Helper()
	deployment := must(admin.AppsV1().Deployments(name).Get(w.t.Context(), name, metav1.GetOptions{}))(w.t)
	secret := must(admin.CoreV1().Secrets(name).Get(w.t.Context(), name, metav1.GetOptions{}))(w.t)
	settings := rig.PodSettings(deployment.Spec.Template.Spec, deployment.Namespace, secret)
	settings["CHART_CACHE_DIR"] = w.t.TempDir()
	if settings["CF_API_ADDRESS"] != "" {
		settings["CF_API_ADDRESS"] = w.cf.URL()
	}
	if settings["SSL_CERT_DIR"] != "" {
		settings["SSL_CERT_DIR"] = w.t.TempDir()
		if err := os.WriteFile(filepath.Join(settings["SSL_CERT_DIR"], "ca.crt"), w.cf.CA(), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return settings
}

func (w *world) create(service, plan string) rig.Instance {
	w.t.Helper()
	s, p, err := w.catalog.Find(service, plan)
	if err != nil {
		w.t.Fatal(err)
	}
	i := rig.Instance{ID: uuid.NewString(), Service: s, Plan: p}
	answer := must(w.Provision(w.t.Context(), i, nil))(w.t)
	if answer.Status == 202 {
		w.await(i, answer.Operation(), "succeeded")
	} else if answer.Status != 201 {
		w.t.Fatalf("creating %s: %d %s", service, answer.Status, answer.Body)
	}
	return i
}

func (w *world) delete(i rig.Instance) {
	w.t.Helper()
	if answer := must(w.Deprovision(w.t.Context(), i))(w.t); answer.Status != 200 {
		w.await(i, answer.Operation(), "gone")
	}
}

func (w *world) await(i rig.Instance, operation, state string) {
	w.t.Helper()
	if o := must(w.Await(w.t.Context(), i, operation, nil))(w.t); o.State != state {
		w.t.Fatalf("the operation ended as %q: %s", o.State, o.Description)
	}
}

// bind has the app get the name of a Service.
func (w *world) bind(i rig.Instance, binding, app string) {
	w.t.Helper()
	var body struct {
		Credentials struct {
			Host string `json:"host"`
		} `json:"credentials"`
	}
	if err := rig.Want(w.t, 201)(w.Bind(w.t.Context(), i, binding, app)).Decode(&body); err != nil {
		w.t.Fatal(err)
	}
	if want := "." + namespace(i) + ".svc.cluster.local"; !strings.HasSuffix(body.Credentials.Host, want) {
		w.t.Errorf("the app gets the host %q, want a name that ends with %s", body.Credentials.Host, want)
	}
}

// wantOpen waits until the app is let out of where apps are and into the instance, or neither.
func (w *world) wantOpen(i rig.Instance, app string, open bool) {
	w.t.Helper()
	w.eventually("NetworkPolicies are as the binding is", func() bool {
		return w.opens(apps, app) == open && w.opens(namespace(i), app) == open
	})
}

func (w *world) opens(namespace, app string) bool {
	w.t.Helper()
	list := must(admin.NetworkingV1().NetworkPolicies(namespace).List(w.t.Context(), metav1.ListOptions{}))(w.t)
	return slices.ContainsFunc(list.Items, func(p networkingv1.NetworkPolicy) bool {
		return strings.Contains(p.Annotations[networkpolicy.PolicyAnnotation], app)
	})
}

func (w *world) inPolicyServer(app string) bool {
	return slices.ContainsFunc(w.cf.Policies(), func(p cf.Policy) bool { return p.Source.ID == app })
}

// eventually is for what no API lets a test wait for.
func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: that didn't come true within five minutes", what)
		}
	}
}

func namespace(i rig.Instance) string { return i.Namespace("cf-helm") }

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
