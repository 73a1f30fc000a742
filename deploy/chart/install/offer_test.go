package install_test

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// offersServices has a broker do with the chart's settings, login and rights what the pods
// would: make an instance and delete it, of another name and prefix than the usual ones.
func (o *operator) offersServices(account *rig.Made) {
	o.t.Helper()
	settings := o.settings()
	settings["CHART_CACHE_DIR"], settings["HELM_CHART_DIR"] = o.t.TempDir(), "../../../charts" // the image's
	settings["KUBECONFIG"] = filepath.Join(o.t.TempDir(), "kubeconfig")
	if err := account.Kubeconfig(settings["KUBECONFIG"]); err != nil {
		o.t.Fatal(err)
	}
	broker := must(rig.Start(o.t.Context(), binary, settings, nil))(o.t)
	broker.StopAfter(o.t)
	client := broker.Client()
	client.Username, client.Password = settings["SECURITY_USER_NAME"], settings["SECURITY_USER_PASSWORD"]
	i := rig.Instance{ID: uuid.NewString()}
	var err error
	if i.Service, i.Plan, err = must(client.Catalog(o.t.Context()))(o.t).Find("echo", "single"); err != nil {
		o.t.Fatal(err)
	}
	for _, ask := range []func(context.Context, rig.Instance) (rig.Answer, error){
		func(ctx context.Context, i rig.Instance) (rig.Answer, error) { return client.Provision(ctx, i, nil) },
		client.Deprovision,
	} {
		answer := must(ask(o.t.Context(), i))(o.t)
		if answer.Status == 202 {
			if last := must(client.Await(o.t.Context(), i, answer.Operation(), nil))(o.t); last.State == "failed" {
				o.t.Errorf("it failed: %s", last.Description)
			}
		} else if answer.Status != 201 && answer.Status != 200 {
			o.t.Errorf("it is answered %d %s", answer.Status, answer.Body)
		}
	}
	if strings.Contains(broker.Log(), "forbidden") || !strings.Contains(broker.Log(), i.Namespace("apps")) {
		o.t.Errorf("the account lacks rights, or the namespace isn't %s:\n%s", i.Namespace("apps"), broker.Log())
	}
	if err := broker.Stop(); err != nil {
		o.t.Error(err)
	}
}

// settings are those of the Deployment.
func (o *operator) settings() map[string]string {
	o.t.Helper()
	deployment := must(kube.AppsV1().Deployments(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	secret := must(kube.CoreV1().Secrets(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	settings := map[string]string{}
	for _, e := range deployment.Spec.Template.Spec.Containers[0].Env {
		switch from := e.ValueFrom; {
		case from == nil:
			settings[e.Name] = e.Value
		case from.SecretKeyRef != nil:
			settings[e.Name] = string(secret.Data[from.SecretKeyRef.Key])
		case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
			settings[e.Name] = namespace
		}
	}
	return settings
}
