package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	manifests        = "deploy/kubernetes"
	defaultNamespace = "cf-helm-broker" // of the manifests as they are
)

// The manifests that a broker outside the cluster needs, as docs/deploy.md has
// them applied.
var accountManifests = []string{"namespace.yaml", "serviceaccount.yaml", "rbac.yaml", "confine.yaml", "exposure.yaml", "policy-group.yaml", "own-objects.yaml", "neighbours.yaml"}

// Account is the service account of deploy/kubernetes: what a broker may do.
type Account struct {
	// Namespace is BROKER_NAMESPACE, and the account's own name; Prefix is
	// NAMESPACE_PREFIX.
	Namespace, Prefix string
	// Granted is what an operator adds for charts that make more than the
	// manifests allow.
	Granted Granted
	// Nodes lets the broker see what Silk workers say of themselves; the namespace of
	// their agents has to be there.
	Nodes bool
}

// Granted are rights beyond those of the manifests.
type Granted struct {
	// Kinds are cluster-scoped, as confine.yaml names them:
	// "clusterroles.rbac.authorization.k8s.io".
	Kinds []string
	// Rules are added to the ClusterRole.
	Rules []rbacv1.PolicyRule
}

// Made is an account that is there.
type Made struct {
	Token  string
	config *rest.Config // the administrator's
	things []*unstructured.Unstructured
}

// Make applies the manifests, with the names that docs/deploy.md gives to one
// broker of several, as the administrator whose config it is.
func (a Account) Make(ctx context.Context, config *rest.Config) (*Made, error) {
	things, err := a.manifests()
	if err != nil {
		return nil, err
	}
	if err := apply(ctx, config, things); err != nil {
		return nil, err
	}
	return accountOf(ctx, config, a.Namespace, things)
}

// accountOf is the account that is called like its namespace.
func accountOf(ctx context.Context, config *rest.Config, name string, things []*unstructured.Unstructured) (*Made, error) {
	made, err := ServiceAccount(ctx, config, name, name)
	if err != nil {
		return nil, err
	}
	made.things = things
	return made, nil
}

// ServiceAccount is an account that somebody else has made.
func ServiceAccount(ctx context.Context, config *rest.Config, namespace, name string) (*Made, error) {
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	token, err := kube.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("making a token: %w", err)
	}
	return &Made{Token: token.Status.Token, config: config}, nil
}

// Apply applies a file of deploy, "kubernetes/confine.yaml" say, as it is.
func Apply(ctx context.Context, config *rest.Config, file string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, "deploy", file))
	if err != nil {
		return err
	}
	things, err := decode(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return apply(ctx, config, things)
}

func apply(ctx context.Context, config *rest.Config, things []*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	for _, thing := range things {
		_, err := resourceOf(client, thing).Apply(ctx, thing.GetName(), thing, metav1.ApplyOptions{FieldManager: "kubectl", Force: true})
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", thing.GetKind(), thing.GetName(), err)
		}
	}
	return nil
}

// Config is the account's.
func (m *Made) Config() *rest.Config {
	config := rest.AnonymousClientConfig(m.config)
	config.BearerToken = m.Token
	return config
}

// Kubeconfig writes the account's to a file.
func (m *Made) Kubeconfig(file string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["local"] = &clientcmdapi.Cluster{Server: m.config.Host, CertificateAuthorityData: m.config.CAData}
	config.AuthInfos["broker"] = &clientcmdapi.AuthInfo{Token: m.Token}
	config.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "broker"}
	config.CurrentContext = "local"
	return clientcmd.WriteToFile(*config, file)
}

// AwaitConfined waits until the API server heeds confine.yaml, a second or two
// after it was made: what it forbids shall be missed by every test.
func (m *Made) AwaitConfined(ctx context.Context) error {
	kube, err := kubernetes.NewForConfig(m.Config())
	if err != nil {
		return err
	}
	for {
		foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "foreign-" + uuid.NewString()}}
		_, err := kube.CoreV1().Namespaces().Create(ctx, foreign, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if apierrors.IsInvalid(err) || apierrors.IsForbidden(err) && strings.Contains(err.Error(), "the broker may write to") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the account isn't confined, it gets %w: %w", err, ctx.Err())
		case <-time.After(20 * time.Millisecond): // there is nothing to watch
		}
	}
}

// Remove takes away what is this account's alone.
func (m *Made) Remove(ctx context.Context) error {
	client, err := dynamic.NewForConfig(m.config)
	if err != nil {
		return err
	}
	var failures []error
	for _, thing := range m.things {
		if isShared(thing) {
			continue
		}
		if err := resourceOf(client, thing).Delete(ctx, thing.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// isShared tells that a thing is every broker's of the cluster.
func isShared(thing *unstructured.Unstructured) bool {
	return slices.Contains([]string{"cf-helm-broker-exposure", "cf-helm-broker-policy-group", "cf-helm-broker-own-objects", "cf-helm-broker-neighbours"}, thing.GetName())
}

// resourceOf finds the place of a kind that Kubernetes itself has.
func resourceOf(client dynamic.Interface, thing *unstructured.Unstructured) dynamic.ResourceInterface {
	plural, _ := meta.UnsafeGuessKindToResource(thing.GroupVersionKind())
	if namespace := thing.GetNamespace(); namespace != "" {
		return client.Resource(plural).Namespace(namespace)
	}
	return client.Resource(plural)
}

// manifests reads what is to be applied.
func (a Account) manifests() ([]*unstructured.Unstructured, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	files := accountManifests
	if a.Nodes {
		files = append(slices.Clone(files), "nodes/rbac.yaml")
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, manifests, file))
		if err != nil {
			return nil, err
		}
		things, err := decode([]byte(a.rename(string(text))))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, things...)
	}
	for _, thing := range all {
		if thing.GetKind() == "ClusterRole" {
			if err := a.Granted.addTo(thing); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// nameLine is a line of a manifest that names what is made, or refers to it.
var nameLine = regexp.MustCompile(`(?m)^( *)(name|namespace|policyName): cf-helm-broker$`)

// rename does what docs/deploy.md says of several brokers on one cluster, and
// grants what it says of cluster-scoped objects.
func (a Account) rename(text string) string {
	granted := `["none"]`
	if len(a.Granted.Kinds) > 0 {
		granted = `["` + strings.Join(a.Granted.Kinds, `", "`) + `"]`
	}
	return strings.NewReplacer(
		"cf-helm-broker:cf-helm-broker", a.Namespace+":"+a.Namespace,
		`== "cf-helm-broker"`, `== "`+a.Namespace+`"`,
		`"cf-helm-"`, `"`+a.Prefix+`-"`,
		"cf-helm-,", a.Prefix+"-,",
		`["none"]`, granted,
	).Replace(nameLine.ReplaceAllString(text, "${1}${2}: "+a.Namespace))
}

func (g Granted) addTo(role *unstructured.Unstructured) error {
	var typed rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(role.Object, &typed); err != nil {
		return err
	}
	typed.Rules = append(typed.Rules, g.Rules...)
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&typed)
	role.Object = object
	return err
}

func decode(text []byte) (all []*unstructured.Unstructured, err error) {
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		thing := &unstructured.Unstructured{}
		if err := documents.Decode(thing); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if len(thing.Object) > 0 {
			all = append(all, thing)
		}
	}
}
