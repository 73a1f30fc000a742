package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	sigyaml "sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	manifests = "../../deploy/silk-worker"
	account   = "c2c-cni"
)

var (
	local   *cluster.Cluster
	clients kubernetes.Interface
	binary  string
	config  string // the network configuration of the manifests
	token   string // of the agent's account
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "c2c-cni-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(m, cluster.Options{Nodes: 2}, func(c *cluster.Cluster) (err error) {
		local = c
		if clients, err = kubernetes.NewForConfig(c.RESTConfig()); err != nil {
			return err
		}
		if binary, err = rig.BuildProgram(context.Background(), folder, rig.Plain, "c2c-cni"); err != nil {
			return err
		}
		if err := applyManifests(c.RESTConfig()); err != nil {
			return err
		}
		made, err := clients.CoreV1().ServiceAccounts(account).CreateToken(context.Background(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		if err == nil {
			token = made.Status.Token
		}
		return err
	})
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

// applyManifests makes what kustomization.yaml lists, in its order. Fields that the
// API server doesn't know are errors.
func applyManifests(config *rest.Config) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(manifests, "kustomization.yaml"))
	if err != nil {
		return err
	}
	var listed struct{ Resources []string }
	if err := sigyaml.Unmarshal(text, &listed); err != nil {
		return err
	}
	for _, file := range listed.Resources {
		if err := applyFile(client, filepath.Join(manifests, file)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func applyFile(client dynamic.Interface, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		thing := &unstructured.Unstructured{}
		if err := documents.Decode(thing); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if thing.GetKind() == "ConfigMap" {
			config, _, _ = unstructured.NestedString(thing.Object, "data", "network.conflist")
		}
		plural, _ := meta.UnsafeGuessKindToResource(thing.GroupVersionKind())
		var place dynamic.ResourceInterface = client.Resource(plural)
		if namespace := thing.GetNamespace(); namespace != "" {
			place = client.Resource(plural).Namespace(namespace)
		}
		if _, err := place.Create(context.Background(), thing, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err != nil {
			return fmt.Errorf("making %s %s: %w", thing.GetKind(), thing.GetName(), err)
		}
	}
}

// worker is a node with an agent, and folders as a container runtime has them.
type worker struct {
	t                   *testing.T
	dir, bin, conf, run string
	node, namespace     string
	agent               *rig.Process
	flags               []string
	stopped             bool
}

func newWorker(t *testing.T, pollURL string) *worker {
	t.Helper()
	dir, err := os.MkdirTemp("", "c2c") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	nodes, err := clients.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{t: t, dir: dir, bin: filepath.Join(dir, "bin"), conf: filepath.Join(dir, "net.d"), run: filepath.Join(dir, "run"), node: nodes.Items[0].Name}
	w.file("bin/cni-wrapper-plugin", "#!/bin/sh\ncat > "+dir+"/told-$CNI_COMMAND\n[ $CNI_COMMAND = DEL ] || echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.255.7.2/32\"}]}'\n")
	w.file("bin/silk-cni", "#!/bin/sh\n")
	w.file("bin/host-local", "#!/bin/sh\n")
	w.file("template", strings.NewReplacer("/run/c2c-cni/", w.run+"/", "/var/lib/cni/c2c-cni", dir+"/state").Replace(config))
	w.file("save", "#!/bin/sh\ncat "+dir+"/rules\n")
	w.rules(30)
	w.flags = []string{
		"--kubeconfig", w.kubeconfig(), "--socket", w.run + "/agent.sock", "--listen", "", "--poll-url", pollURL, "--guard-interval", "50ms",
		"--iptables-save", w.dir + "/save", "--nft", "", "--kube-proxy-url", "", "--silk-daemon-url", "", "--proc", "", "--overlay", "10.255.0.0/16",
		"--cni-bin-dir", w.bin, "--cni-conf-dir", w.conf, "--cni-config", dir + "/template", "--node-ip", "10.0.0.7", "--node", w.node,
	}
	return w
}

func (w *worker) file(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		w.t.Fatal(err)
	}
}

// rules are those of a kube-proxy with this masqueradeBit, and of the pod that the
// delegate makes the network of.
func (w *worker) rules(bit int) { w.rulesWith(bit, podRules) }

const podRules = "-A FORWARD -j overlay--c1\n-A overlay--c1 -d 10.255.7.2/32 -j REJECT --reject-with icmp-port-unreachable\n"

func (w *worker) rulesWith(bit int, others string) {
	w.file("rules", fmt.Sprintf("*filter\n-A FORWARD -j KUBE-FORWARD\n-A KUBE-FORWARD -m mark --mark %#[1]x/%#[1]x -j ACCEPT\n%sCOMMIT\n", 1<<bit, others))
}

// kubeconfig is the agent's account's.
func (w *worker) kubeconfig() string {
	c := clientcmdapi.NewConfig()
	c.Clusters["local"] = &clientcmdapi.Cluster{Server: local.RESTConfig().Host, CertificateAuthorityData: local.RESTConfig().CAData}
	c.AuthInfos["agent"] = &clientcmdapi.AuthInfo{Token: token}
	c.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "agent"}
	c.CurrentContext = "local"
	path := filepath.Join(w.dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *worker) start() {
	w.t.Helper()
	var err error
	if w.agent, err = rig.StartProcess(exec.Command(binary, append([]string{"agent"}, w.flags...)...)); err != nil {
		w.t.Fatal(err)
	}
	w.stopped = false
	w.t.Cleanup(w.stop)
}

func (w *worker) stop() {
	if w.stopped {
		return
	}
	w.stopped = true
	if err := w.agent.Stop(); err != nil {
		w.t.Errorf("the agent ended with %v\n%s", err, w.agent.Log())
	}
}

// kill ends the agent as a node that dies does.
func (w *worker) kill() {
	w.t.Helper()
	w.stopped = true
	if err := w.agent.Kill(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *worker) eventually(what string, is func() bool) {
	w.t.Helper()
	for until := time.Now().Add(3 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			w.t.Fatalf("%s: not within three minutes\n%s", what, w.agent.Log())
		}
	}
}

// call is what a container runtime does with the installed configuration.
func (w *worker) call(command string, pod *corev1.Pod) error {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.conf, "00-c2c-cni.conflist"))
	if err != nil {
		return err
	}
	var list struct {
		CNIVersions []string
		Name        string
		Plugins     []map[string]any
	}
	if err := json.Unmarshal(text, &list); err != nil {
		w.t.Fatal(err)
	}
	one := list.Plugins[0]
	one["cniVersion"], one["name"] = slices.Max(list.CNIVersions), list.Name
	stdin, err := json.Marshal(one)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(w.bin, one["type"].(string)))
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = []string{"CNI_COMMAND=" + command, "CNI_CONTAINERID=c1", "CNI_NETNS=/none", "CNI_NETNS_OVERRIDE=1", "CNI_IFNAME=eth0", "CNI_PATH=" + w.bin, "PATH=" + os.Getenv("PATH")}
	if pod != nil {
		cmd.Env = append(cmd.Env, fmt.Sprintf("CNI_ARGS=K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s;K8S_POD_INFRA_CONTAINER_ID=c1", pod.Namespace, pod.Name, pod.UID))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// check is `c2c-cni check` on the node.
func (w *worker) check() (string, error) {
	out, err := exec.Command(filepath.Join(w.bin, "c2c-cni"), append([]string{"check"}, w.flags...)...).CombinedOutput()
	return string(out), err
}
