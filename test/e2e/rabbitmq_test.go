package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// The operator's module, in test/operators/go.mod.
const (
	operatorsModule = "../operators"
	rabbitmqModule  = "github.com/rabbitmq/cluster-operator/v2"
)

// TestRabbitMQ has RabbitMQ's own operator make an instance: the create waits
// for what the operator says, and a bind hands out the Secret that it makes.
func TestRabbitMQ(t *testing.T) {
	f := newFoundation(t, "charts-rabbitmq", nil)
	operator := f.buildRabbitMQ()
	f.defineRabbitMQ()
	i := f.instance("rabbitmq", "single")
	release := tenant.ReleaseName(i.ID)
	operation := f.want(202)(f.Provision(t.Context(), i, nil)).Operation()
	f.eventually("it is said that no operator has seen it", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return strings.Contains(o.Description, "RabbitmqCluster "+release+": it has no status yet: is its operator running?")
	})
	f.runRabbitMQ(operator)
	f.ready(i, operation)

	var body struct {
		Credentials struct {
			Username, Password string
			Port               int
			Pods               []string
		}
	}
	binding := uuid.NewString()
	f.must(f.want(201)(f.Bind(t.Context(), i, binding, f.app())).Decode(&body))
	secret, err := kube.CoreV1().Secrets(f.namespace(i)).Get(t.Context(), release+"-default-user", metav1.GetOptions{})
	f.must(err)
	c := body.Credentials
	if c.Username == "" || c.Username != string(secret.Data["username"]) || c.Password != string(secret.Data["password"]) || c.Port != 5672 {
		t.Errorf("the user is %q at port %d, that of the Secret %q", c.Username, c.Port, secret.Data["username"])
	}
	if pods := f.pods(i); len(pods) != 1 || len(c.Pods) != 1 || c.Pods[0] != pods[0].Status.PodIP {
		t.Errorf("the bind hands out the pods %v, there are %d", c.Pods, len(pods))
	}
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.delete(i)
}

// goInOperators runs the go command in the operators' module.
func (f *foundation) goInOperators(arguments ...string) string {
	f.t.Helper()
	command := exec.CommandContext(f.t.Context(), "go", arguments...)
	command.Dir = operatorsModule
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	output, err := command.Output()
	if err != nil {
		f.t.Fatalf("go %s in %s: %v: %s", arguments[0], operatorsModule, err, stderrOf(err))
	}
	return strings.TrimSpace(string(output))
}

func stderrOf(err error) string {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as exec returns it
		return string(exit.Stderr)
	}
	return ""
}

// buildRabbitMQ compiles the operator, which takes a minute or two where Go's
// build cache doesn't have it.
func (f *foundation) buildRabbitMQ() (binary string) {
	f.t.Helper()
	binary = filepath.Join(f.t.TempDir(), "rabbitmq-operator")
	f.goInOperators("build", "-trimpath", "-ldflags", "-s -w", "-o", binary, rabbitmqModule+"/cmd")
	return binary
}

// defineRabbitMQ has the cluster serve the operator's kind, and instances make
// objects of it, as whoever installs an operator does.
func (f *foundation) defineRabbitMQ() {
	f.t.Helper()
	module := f.goInOperators("list", "-m", "-f", "{{.Dir}}", rabbitmqModule)
	text, err := os.ReadFile(filepath.Join(module, "config/crd/bases/rabbitmq.com_rabbitmqclusters.yaml"))
	f.must(err)
	var definition apiextensionsv1.CustomResourceDefinition
	f.must(yaml.Unmarshal(text, &definition))
	extensions, err := apiextensions.NewForConfig(shared.RESTConfig())
	f.must(err)
	definitions := extensions.ApiextensionsV1().CustomResourceDefinitions()
	_, err = definitions.Create(f.t.Context(), &definition, metav1.CreateOptions{})
	f.must(err)
	f.t.Cleanup(func() { _ = definitions.Delete(context.Background(), definition.Name, metav1.DeleteOptions{}) })
	f.eventually("the cluster serves the operator's kind", func() bool {
		served, err := kube.Discovery().ServerResourcesForGroupVersion("rabbitmq.com/v1beta1")
		return err == nil && len(served.APIResources) > 0
	})
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "rabbitmq-admin", Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-admin": "true"}},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"rabbitmq.com"}, Resources: []string{"rabbitmqclusters"},
			Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"},
		}},
	}
	_, err = kube.RbacV1().ClusterRoles().Create(f.t.Context(), role, metav1.CreateOptions{})
	f.must(err)
	f.t.Cleanup(func() {
		_ = kube.RbacV1().ClusterRoles().Delete(context.Background(), role.Name, metav1.DeleteOptions{})
	})
}

// runRabbitMQ runs the operator until the test ends. One whose test was killed
// ends when it loses its Lease with the cluster.
func (f *foundation) runRabbitMQ(binary string) {
	f.t.Helper()
	namespace := f.settings["BROKER_NAMESPACE"]
	log, err := os.Create(filepath.Join(f.t.TempDir(), "rabbitmq-operator.log"))
	f.must(err)
	operator := exec.Command(binary, "--kubeconfig", shared.Kubeconfig(), "--metrics-bind-address=0", "--health-probe-bind-address=0")
	operator.Env = append(os.Environ(), "OPERATOR_NAMESPACE="+namespace)
	operator.Stdout, operator.Stderr = log, log
	f.must(operator.Start())
	f.t.Cleanup(func() {
		if f.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			f.t.Logf("the operator's log:\n%s", text)
		}
		_ = operator.Process.Signal(syscall.SIGTERM)
		_ = operator.Wait()
		_ = log.Close()
	})
}
