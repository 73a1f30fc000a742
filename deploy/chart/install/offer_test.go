package install_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// offersServices has a broker do with the chart's settings, login and rights what the pods
// would: make an instance and delete it, of another name and prefix than the usual ones.
func (o *operator) offersServices(account *rig.Made) {
	o.t.Helper()
	deployment := must(kube.AppsV1().Deployments(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	settings := o.settings(deployment.Spec.Template.Spec)
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
	o.registers(broker, settings)
	if err := broker.Stop(); err != nil {
		o.t.Error(err)
	}
}

// registers does what the Jobs do after an upgrade and before an uninstall.
func (o *operator) registers(broker *rig.Broker, of map[string]string) {
	o.t.Helper()
	for _, step := range []struct {
		command string
		brokers int
	}{{"register", 1}, {"deregister", 0}} {
		pod := o.hook(name + "-" + step.command).Spec.Template.Spec
		settings := o.settings(pod)
		settings["CF_BROKER_URL"] = broker.URL()
		for _, here := range []string{"CHART_CACHE_DIR", "HELM_CHART_DIR", "CF_API_ADDRESS"} {
			settings[here] = of[here]
		}
		command := exec.CommandContext(o.t.Context(), binary, pod.Containers[0].Args...)
		for name, value := range settings {
			command.Env = append(command.Env, name+"="+value)
		}
		if said, err := command.CombinedOutput(); err != nil {
			o.t.Errorf("%s: %v:\n%s", step.command, err, said)
		}
		if brokers := o.cf.ServiceBrokers(); len(brokers) != step.brokers || len(brokers) == 1 && brokers[0].Name != namespace+"-"+name {
			o.t.Errorf("after %s Cloud Foundry has the service brokers %+v", step.command, brokers)
		}
	}
}

// hook is a Job of the release's.
func (o *operator) hook(called string) batchv1.Job {
	o.t.Helper()
	for _, h := range must(o.helm.Releases.Last(name))(o.t).Hooks {
		if h.Name == called {
			var job batchv1.Job
			if err := yaml.UnmarshalStrict([]byte(h.Manifest), &job); err != nil {
				o.t.Fatal(err)
			}
			return job
		}
	}
	o.t.Fatalf("the release has no hook %s", called)
	return batchv1.Job{}
}

// settings are those of a pod, with the stand-in for the Cloud Foundry that it names.
func (o *operator) settings(pod corev1.PodSpec) map[string]string {
	o.t.Helper()
	secret := must(kube.CoreV1().Secrets(namespace).Get(o.t.Context(), name, metav1.GetOptions{}))(o.t)
	settings := rig.PodSettings(pod, namespace, secret)
	settings["CF_API_ADDRESS"] = o.cf.URL()
	return settings
}
