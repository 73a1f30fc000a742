package charts_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// TestMain is also the child process that evaluates bind templates.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "evaluate" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{bindtemplate.HandleName: bindtemplate.Handle}))
	}
	os.Exit(m.Run())
}

const (
	password = "Zq7RkX2mVb9sLw4NfT8yHc3pJd6gEa5U"
	domain   = ".svc.cluster.local"
)

// TestCredentials evaluates each chart's bind template over one Ready pod and
// over three, whether or not the chart ever has so many.
func TestCredentials(t *testing.T) {
	for chart, want := range map[string]map[int]map[string]any{
		"echo": {
			1: {"host": "10.255.0.1", "port": 8080.0, "url": "http://10.255.0.1:8080", "hosts": hosts(1), "urls": []any{"http://10.255.0.1:8080"}},
			3: {"host": "10.255.0.1", "port": 8080.0, "url": "http://10.255.0.1:8080", "hosts": hosts(3),
				"urls": []any{"http://10.255.0.1:8080", "http://10.255.0.2:8080", "http://10.255.0.3:8080"}},
		},
		"redis": {
			1: {"host": "10.255.0.1", "port": 6379.0, "hosts": hosts(1), "password": password, "uri": "redis://:" + password + "@10.255.0.1:6379"},
			3: {"host": "10.255.0.1", "port": 6379.0, "hosts": hosts(3), "password": password, "uri": "redis://:" + password + "@10.255.0.1:6379"},
		},
		"postgresql": {
			1: postgresql("10.255.0.1", "10.255.0.1:5432", hosts(1)),
			3: postgresql("10.255.0.1", "10.255.0.1:5432,10.255.0.2:5432,10.255.0.3:5432", hosts(3)),
		},
	} {
		for pods, want := range want {
			t.Run(fmt.Sprintf("%s/%d", chart, pods), func(t *testing.T) {
				if got := evaluated(t, chart, viewOf(t, chart, pods)); !reflect.DeepEqual(got, want) {
					t.Errorf("the credentials are %v, want %v", got, want)
				}
			})
		}
	}
}

// TestCredentialsByName: where the broker hands out names, credentials hold no
// address at all. A Deployment's pods have no names of their own.
func TestCredentialsByName(t *testing.T) {
	const echo, redis, db = release + "-echo." + namespace + domain, release + "-redis." + namespace + domain, release + "-postgresql." + namespace + domain
	for chart, want := range map[string]map[string]any{
		"echo":       {"host": echo, "port": 8080.0, "url": "http://" + echo + ":8080", "hosts": []any{echo}, "urls": []any{"http://" + echo + ":8080"}},
		"redis":      {"host": redis, "port": 6379.0, "hosts": []any{"pod-0." + redis, "pod-1." + redis}, "password": password, "uri": "redis://:" + password + "@" + redis + ":6379"},
		"postgresql": postgresql(db, "pod-0."+db+":5432,pod-1."+db+":5432", []any{"pod-0." + db, "pod-1." + db}),
	} {
		t.Run(chart, func(t *testing.T) {
			named := viewOf(t, chart, 2).Named(view.Addressing{Domain: "cluster.local"})
			if got := evaluated(t, chart, named); !reflect.DeepEqual(got, want) {
				t.Errorf("the credentials are %v, want %v", got, want)
			}
		})
	}
}

// postgresql are that chart's credentials; all are its servers as a URI has them.
func postgresql(host, all string, hosts []any) map[string]any {
	return map[string]any{
		"host": host, "port": 5432.0, "hosts": hosts, "username": "app", "password": password, "database": "db",
		"uri":     "postgresql://app:" + password + "@" + all + "/db",
		"jdbcUrl": "jdbc:postgresql://" + all + "/db?user=app&password=" + password,
	}
}

// viewOf is what the chart offers with so many Ready pods.
func viewOf(t *testing.T, chart string, pods int) view.View {
	t.Helper()
	objects := render(t, chart, release, nil)
	secret := corev1.Secret{Data: map[string][]byte{"username": []byte("app"), "password": []byte(password), "database": []byte("db")}}
	secret.Name = release + "-" + chart
	service := *only[*corev1.Service](t, objects)
	service.Namespace = namespace
	ready := readyPods(podTemplates(t, objects)[0], pods)
	for _, set := range all[*appsv1.StatefulSet](objects) {
		for i := range ready { // as that kind's controller does
			ready[i].Spec.Hostname, ready[i].Spec.Subdomain = ready[i].Name, set.Spec.ServiceName
		}
	}
	return view.Of([]corev1.Secret{secret}, []corev1.Service{service}, ready)
}

func hosts(n int) []any {
	var all []any
	for i := range n {
		all = append(all, fmt.Sprintf("10.255.0.%d", i+1))
	}
	return all
}

// readyPods are n pods of the template, at the addresses of hosts.
func readyPods(template corev1.PodTemplateSpec, n int) []corev1.Pod {
	var pods []corev1.Pod
	for i, host := range hosts(n) {
		pod := corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
		pod.Name, pod.Namespace = fmt.Sprint("pod-", i), namespace
		pod.Status = corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: host.(string),
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		}
		pods = append(pods, pod)
	}
	return pods
}

func evaluated(t *testing.T, chart string, view view.View) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "bind.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	template, err := bindtemplate.Parse("bind.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	sees, err := json.Marshal(view.ForTemplate(nil, true))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	evaluator := bindtemplate.Evaluator{
		Workers: &sandbox.Workers{Command: []string{self, "evaluate"}}, Limits: sandbox.Limits{Time: 10 * time.Second, Memory: 256 << 20},
	}
	credentials, err := evaluator.Evaluate(t.Context(), template, sees)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(credentials, &got); err != nil {
		t.Fatal(err)
	}
	return got
}
