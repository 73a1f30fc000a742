package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/caarlos0/env/v11"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// settings are the broker's environment variables. The names are Kibosh's
// where Kibosh has the setting.
type settings struct {
	DoorSettings
	Host            string        `env:"LISTEN_HOST" help:"address to listen on; empty: all"`
	Port            int           `env:"PORT" envDefault:"8080" help:"port to listen on; 0: any free one"`
	BodyLimit       int64         `env:"REQUEST_BODY_LIMIT" envDefault:"262144" help:"longest request body, in bytes"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s" help:"how long SIGTERM lets running requests end"`
	LogLevel        string        `env:"LOG_LEVEL" envDefault:"info" help:"debug, info, error or fatal"`

	ChartDir        string        `env:"HELM_CHART_DIR" envDefault:"charts" help:"one chart, or a folder of charts"`
	ChartSources    string        `env:"CHART_SOURCES" help:"YAML file that lists charts of folders, registries and repositories; instead of HELM_CHART_DIR"`
	ChartCacheDir   string        `env:"CHART_CACHE_DIR" help:"folder that keeps charts of registries and repositories; empty: in the user's cache folder"`
	OperatorDir     string        `env:"OPERATOR_DIR" help:"one chart, or a folder of charts, that are installed before any service, such as operators whose custom resources services use, each with the values of CHART.values.yaml beside it"`
	OperatorSources string        `env:"OPERATOR_SOURCES" help:"YAML file that lists such charts of folders, registries and repositories, with their values, as CHART_SOURCES does; instead of OPERATOR_DIR"`
	ChartTimeout    time.Duration `env:"CHART_FETCH_TIMEOUT" envDefault:"30s" help:"how long fetching one chart may take"`
	NamespacePrefix string        `env:"NAMESPACE_PREFIX" envDefault:"cf-helm" help:"an instance's namespace is PREFIX-<the id's first 8 characters>"`

	KubernetesSettings
	RegServer   string `env:"REG_SERVER" help:"private registry that all images are pulled from, such as registry.example.com/mirror; empty: from where charts say"`
	RegUser     string `env:"REG_USER" help:"user of the private registry; empty: it needs no pull secret"`
	RegPassword string `env:"REG_PASS" help:"its password"`
	RegEmail    string `env:"REG_EMAIL" help:"its e-mail address, if the registry asks for one"`

	IsolationSettings
	NetworkSettings
	RegisterSettings
	CredHubSettings

	OperationTimeout    time.Duration `env:"OPERATION_TIMEOUT" envDefault:"10m" help:"time limit of a create, update or delete whose plan has none"`
	OrganizationQuota   int           `env:"QUOTA_PER_ORGANIZATION" envDefault:"0" help:"how many service instances an organization may have; 0: any number"`
	SpaceQuota          int           `env:"QUOTA_PER_SPACE" envDefault:"0" help:"how many a space may have; 0: any number"`
	PoliciesPerBinding  int           `env:"POLICIES_PER_BINDING" envDefault:"100" help:"how many policies a binding may open whose plan says nothing of it, ports in a row being one; 0: any number"`
	PoliciesPerInstance int           `env:"POLICIES_PER_INSTANCE" envDefault:"2000" help:"how many all bindings of an instance may, and apart from these its own pods among themselves; 0: any number"`
	BindTimeout         time.Duration `env:"BIND_TIMEOUT" envDefault:"10s" help:"how long a bind waits for the first ready pod"`
	SyncWait            time.Duration `env:"SYNC_WAIT" envDefault:"3s" help:"how long a request waits for the create or update that it has begun, to be answered with success instead of 202, and a bind for a pod; 0s: not at all"`
	DeleteWait          time.Duration `env:"DELETE_WAIT" envDefault:"15s" help:"how long a request waits for the delete that it has begun; Kubernetes takes five seconds for a namespace at least, and longer where pods take their time; 0s: not at all"`
	Workers             int           `env:"OPERATION_WORKERS" envDefault:"8" help:"service instances that Helm works on at once; those that only wait for pods don't count, and spaces take turns"`
	AtOnce              int           `env:"OPERATIONS_AT_ONCE" envDefault:"500" help:"operations at once, those that wait included, of one space three quarters; more stay in the queue, in which spaces take turns"`

	LeaseDuration time.Duration `env:"LEASE_DURATION" envDefault:"15s" help:"how long after a replica was killed another takes over its operations"`
	LeaseRenew    time.Duration `env:"LEASE_RENEW" envDefault:"10s" help:"how long a replica that can't renew the Lease goes on; below LEASE_DURATION"`
	LeaseRetry    time.Duration `env:"LEASE_RETRY" envDefault:"1s" help:"time between attempts to take or renew the Lease"`

	TemplateTimeout time.Duration `env:"BIND_TEMPLATE_TIMEOUT" envDefault:"5s" help:"how much processor time a chart's bind template may take"`
	TemplateMemory  uint64        `env:"BIND_TEMPLATE_MEMORY" envDefault:"128" help:"how much memory it may use, in MB"`
	BindLibrary     string        `env:"BIND_LIBRARY" help:"folder of Jsonnet that adds kinds of servers to the bind library, or replaces its own; none: charts without a bind.yaml have everything handed out"`
	RenderTimeout   time.Duration `env:"RENDER_TIMEOUT" envDefault:"10s" help:"how much processor time rendering a chart may take"`
	RenderMemory    uint64        `env:"RENDER_MEMORY" envDefault:"64" help:"how much memory it may use, in MB; one chart is rendered at a time"`
	RenderOutput    int           `env:"RENDER_OUTPUT" envDefault:"8" help:"how long what a chart renders may be, in MB"`

	CFAPIAddress        string        `env:"CF_API_ADDRESS" help:"CF API, such as https://api.example.com; empty: no container-to-container policies"`
	CFClientID          string        `env:"CF_CLIENT_ID" help:"UAA client with grant type client_credentials and authority network.admin"`
	CFClientSecret      string        `env:"CF_CLIENT_SECRET" help:"its secret"`
	CFSkipSSLValidation bool          `env:"CF_SKIP_SSL_VALIDATION" envDefault:"false" help:"accept any certificate of the CF API"`
	CFTimeout           time.Duration `env:"CF_REQUEST_TIMEOUT" envDefault:"10s" help:"time limit of a request to the CF API"`
	BindWaitsForNodes   time.Duration `env:"BIND_WAITS_FOR_NODES" envDefault:"0s" help:"how long a bind waits at most until the instance's Silk workers let the app in, 2s for example; 0s: it doesn't, and they do within a second, without their agents within five"`
	PolicyResync        time.Duration `env:"POLICY_RESYNC" envDefault:"15s" help:"how often lost policies are looked for and opened again"`
	PolicyDestination   string        `env:"POLICY_DESTINATION" help:"what policies to new instances point to: app (a placeholder app, which CF's cleanup spares), instance (the service instance's GUID), workload (each Deployment, StatefulSet … for itself); default: app where CF_API_ADDRESS, CF_ORG and CF_SPACE are set, else instance"`
	CFOrg               string        `env:"CF_ORG" help:"organization of the placeholder apps"`
	CFSpace             string        `env:"CF_SPACE" help:"space of the placeholder apps"`
	PolicyWithin        bool          `env:"POLICY_WITHIN_INSTANCE" envDefault:"true" help:"let the pods of one instance reach each other, which Silk denies without a policy"`
	PolicyDNSGroup      string        `env:"POLICY_DNS_GROUP" help:"policy group (a UUID) of the cluster's DNS pods, which instances may then ask; empty: they need no policy"`
	Addresses           string        `env:"ADDRESSES" envDefault:"pods" help:"what credentials hold: pods (addresses of pods, which are gone with them), names (names that Cloud Foundry's service discovery is told of over NATS), cluster (names and the Services' own ports, for apps that are pods of the cluster)"`
	ClusterDomain       names.Domain  `env:"CLUSTER_DOMAIN" envDefault:"cluster.local" help:"the cluster's DNS domain, in which names are"`
	NamesPublishedBy    string        `env:"NAMES_PUBLISHED_BY" envDefault:"broker" help:"with ADDRESSES=names: who publishes them: broker, agents (c2c-cni on Silk workers; the broker needs no NATS then)"`
	NATSServers         []string      `env:"NATS_SERVERS" help:"where the broker publishes names: Cloud Foundry's NATS servers, host:port with commas between them, such as nats.service.cf.internal:4224"`
	NATSUser            string        `env:"NATS_USER" help:"user of the NATS servers"`
	NATSPassword        string        `env:"NATS_PASSWORD" help:"its password"`
	NATSCAFile          string        `env:"NATS_CA_FILE" help:"file with the CA's certificates that have signed the NATS servers', PEM; empty: no TLS"`
	NATSCertFile        string        `env:"NATS_CERT_FILE" help:"file with the broker's certificate for NATS, PEM"`
	NATSKeyFile         string        `env:"NATS_KEY_FILE" help:"file with its key, PEM"`
	NATSServerName      string        `env:"NATS_SERVER_NAME" help:"name that the NATS servers' certificates hold, if it isn't the host in NATS_SERVERS"`
	SharedDestinations  string        `env:"SHARED_DESTINATIONS" help:"YAML or JSON list of shared services that each bind opens to the app, such as the cluster's DNS: name, namespace, selector, group, ports"`
}

// KubernetesSettings are those of the settings that lead to the records. Its
// name is exported because env doesn't fill in an embedded struct otherwise.
type KubernetesSettings struct {
	Server          string  `env:"SERVER" help:"URL of the Kubernetes API; with TOKEN and CA_DATA"`
	Token           string  `env:"TOKEN" help:"token of a Kubernetes service account"`
	CAData          string  `env:"CA_DATA" help:"PEM certificate of the Kubernetes API's CA, plain or in base64"`
	Kubeconfig      string  `env:"KUBECONFIG" help:"kubeconfig file, if SERVER isn't set; without either: the pod's own service account"`
	BrokerNamespace string  `env:"BROKER_NAMESPACE" envDefault:"cf-helm-broker" help:"namespace that the broker keeps its records in; it must exist"`
	KubeQPS         float32 `env:"KUBE_QPS" envDefault:"200" help:"requests to the Kubernetes API, a second; twice as many in a burst; a quarter is kept for spaces that ask for little"`
}

// readSettings reads and checks the environment and reports everything that
// is wrong with it at once.
func readSettings() (settings, error) { return settingsOf(env.ToMap(os.Environ())) }

// settingsOf is readSettings of another environment than this process's.
func settingsOf(environment map[string]string) (settings, error) {
	var s settings
	wrong := parseFrom(environment, &s)
	domain, err := names.ParseDomain(string(s.ClusterDomain))
	if err != nil {
		wrong = errors.Join(wrong, fmt.Errorf("CLUSTER_DOMAIN: %w", err))
	}
	s.ClusterDomain = domain
	if len(s.Enforce) == 0 {
		s.Enforce = s.usualNetworks()
	}
	s.PolicyDestination = cmp.Or(s.PolicyDestination, s.usualDestination())
	return s, errors.Join(wrong, s.check())
}

// usualDestination is the one that loses nothing to CF's cleanup, where it can be had.
func (s settings) usualDestination() string {
	if s.placeholders() && s.on(policy.C2C) {
		return string(locate.ToApp)
	}
	return string(locate.ToInstance)
}

// placeholders tells whether placeholder apps can be made.
func (s settings) placeholders() bool {
	return s.CFAPIAddress != "" && s.CFOrg != "" && s.CFSpace != ""
}

// readKubernetesSettings is readSettings for commands that need no others.
func readKubernetesSettings() (KubernetesSettings, error) {
	var k KubernetesSettings
	return k, errors.Join(parse(&k), k.check())
}

func (k KubernetesSettings) check() error {
	var wrong []error
	refuse := func(bad bool, words string) {
		if bad {
			wrong = append(wrong, errors.New(words))
		}
	}
	refuse(!isLabel(k.BrokerNamespace), "BROKER_NAMESPACE must be a Kubernetes namespace's name")
	refuse(k.Server != "" && (k.Token == "" || k.CAData == ""), "SERVER needs TOKEN and CA_DATA")
	refuse(k.Server == "" && (k.Token != "" || k.CAData != ""), "TOKEN and CA_DATA need SERVER")
	refuse(k.Server != "" && !isURL(k.Server), "SERVER must be a URL such as https://203.0.113.1:6443")
	refuse(k.KubeQPS <= 0, "KUBE_QPS must be above 0")
	return errors.Join(wrong...)
}

func (s settings) check() error {
	wrong := []error{s.KubernetesSettings.check(), s.DoorSettings.check(), s.IsolationSettings.check()}
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	refuse(s.Port < 0 || s.Port > 65535, "PORT must be from 0 to 65535")
	refuse(s.BodyLimit < 1 || s.BodyLimit > 512<<10, "REQUEST_BODY_LIMIT must be from 1 to 524288, so that a request fits into a Kubernetes Secret")
	refuse(!isLabel(s.NamespacePrefix) || len(s.NamespacePrefix) > 26,
		"NAMESPACE_PREFIX must be lower-case letters, digits and dashes, 26 characters at most, so that a UUID still fits")
	refuse((s.RegUser == "") != (s.RegPassword == ""), "REG_USER and REG_PASS go together")
	refuse(s.RegServer == "" && s.RegUser != "", "REG_USER and REG_PASS need REG_SERVER")
	refuse(s.TemplateMemory < 32 || s.TemplateMemory > 4096, "BIND_TEMPLATE_MEMORY must be from 32 to 4096")
	refuse(s.RenderMemory < 32 || s.RenderMemory > 4096, "RENDER_MEMORY must be from 32 to 4096")
	refuse(s.RenderOutput < 1 || s.RenderOutput > 64, "RENDER_OUTPUT must be from 1 to 64")
	refuse(s.OrganizationQuota < 0 || s.SpaceQuota < 0, "QUOTA_PER_ORGANIZATION and QUOTA_PER_SPACE must be 0 or more")
	refuse(s.PoliciesPerBinding < 0 || s.PoliciesPerInstance < 0, "POLICIES_PER_BINDING and POLICIES_PER_INSTANCE must be 0 or more")
	refuse(s.SyncWait < 0 || s.SyncWait > 30*time.Second, "SYNC_WAIT must be from 0s to 30s, since platforms break a request off after 60s")
	refuse(s.DeleteWait < 0 || s.DeleteWait > 40*time.Second, "DELETE_WAIT must be from 0s to 40s, since platforms break a request off after 60s")
	refuse(s.BindWaitsForNodes < 0 || s.BindWaitsForNodes > 5*time.Second, "BIND_WAITS_FOR_NODES must be from 0s to 5s, by when nodes have polled by themselves")
	refuse(s.Workers < 1, "OPERATION_WORKERS must be at least 1")
	refuse(s.AtOnce < s.Workers, "OPERATIONS_AT_ONCE must not be below OPERATION_WORKERS")
	for name, limit := range map[string]time.Duration{
		"LEASE_RETRY": s.LeaseRetry, "OPERATION_TIMEOUT": s.OperationTimeout, "CHART_FETCH_TIMEOUT": s.ChartTimeout, "BIND_TIMEOUT": s.BindTimeout,
		"BIND_TEMPLATE_TIMEOUT": s.TemplateTimeout, "RENDER_TIMEOUT": s.RenderTimeout, "CF_REQUEST_TIMEOUT": s.CFTimeout, "POLICY_RESYNC": s.PolicyResync, "SHUTDOWN_TIMEOUT": s.ShutdownTimeout,
	} {
		refuse(limit <= 0, "%s must be above 0, for example 30s", name)
	}
	refuse(s.LeaseDuration < time.Second || s.LeaseRenew >= s.LeaseDuration || s.LeaseRenew < 2*s.LeaseRetry,
		"LEASE_DURATION must be 1s or more and above LEASE_RENEW, and that twice LEASE_RETRY or more")
	refuse(s.BindTimeout > 40*time.Second, "BIND_TIMEOUT must be 40s at most, since platforms break a request off after 60s")
	refuse(s.CFAPIAddress != "" && !isURL(s.CFAPIAddress), "CF_API_ADDRESS must be a URL such as https://api.example.com")
	refuse(s.CFAPIAddress != "" && (s.CFClientID == "" || s.CFClientSecret == ""), "CF_API_ADDRESS needs CF_CLIENT_ID and CF_CLIENT_SECRET")
	refuse(s.Register && s.CFAPIAddress == "", "CF_BROKER_REGISTER needs CF_API_ADDRESS")
	wrong = append(wrong, s.checkPolicies(), s.checkNetworks(), s.RegisterSettings.check(), s.checkCredHub())
	refuse(s.OperatorDir != "" && s.OperatorSources != "", "OPERATOR_DIR and OPERATOR_SOURCES: set one of them; a list may have the folder as a path")
	if s.OperatorDir != "" {
		_, err := os.Stat(s.OperatorDir)
		refuse(err != nil, "OPERATOR_DIR: %v", err)
	}
	if s.OperatorSources != "" {
		_, err := source.Read(s.OperatorSources)
		refuse(err != nil, "OPERATOR_SOURCES: %v", err)
	}
	_, err := lager.LogLevelFromString(s.LogLevel)
	refuse(err != nil, "LOG_LEVEL must be debug, info, error or fatal")
	if s.ChartSources != "" {
		sources, err := source.Read(s.ChartSources)
		refuse(err != nil, "CHART_SOURCES: %v", err)
		err = withoutValues(sources)
		refuse(err != nil, "CHART_SOURCES: %v", err)
	} else {
		_, err = os.Stat(s.ChartDir)
		refuse(err != nil, "HELM_CHART_DIR: %v", err)
	}
	return errors.Join(wrong...)
}

func (s settings) checkPolicies() error {
	var wrong []error
	if !slices.Contains(locate.PolicyTargets(), locate.PolicyTarget(s.PolicyDestination)) {
		wrong = append(wrong, fmt.Errorf("POLICY_DESTINATION must be one of %v", locate.PolicyTargets()))
	}
	if s.PolicyDestination == string(locate.ToApp) && !s.placeholders() {
		wrong = append(wrong, errors.New("POLICY_DESTINATION app needs CF_API_ADDRESS, CF_ORG and CF_SPACE, where the placeholder apps are made"))
	}
	if s.Addresses != addressesOfPods && s.Addresses != namesPublished && s.Addresses != namesOfCluster {
		wrong = append(wrong, errors.New("ADDRESSES must be pods, names or cluster"))
	}
	if s.NamesPublishedBy != byBroker && s.NamesPublishedBy != byAgents {
		wrong = append(wrong, errors.New("NAMES_PUBLISHED_BY must be broker or agents"))
	}
	if s.publishes() {
		wrong = append(wrong, s.nats().Check())
	}
	if s.PolicyDNSGroup != "" && !policy.ValidID(s.PolicyDNSGroup) {
		wrong = append(wrong, errors.New("POLICY_DNS_GROUP must be a lower-case UUID"))
	}
	if _, err := chart.ParseSharedServices([]byte(s.SharedDestinations)); err != nil {
		wrong = append(wrong, fmt.Errorf("SHARED_DESTINATIONS: %w", err))
	}
	return errors.Join(wrong...)
}

// What credentials hold: ADDRESSES.
const (
	addressesOfPods = "pods"
	namesPublished  = "names"
	namesOfCluster  = "cluster"
)

// Who publishes names: NAMES_PUBLISHED_BY.
const (
	byBroker = "broker"
	byAgents = "agents" // of nodes
)

// publishes tells whether the broker publishes names.
func (s settings) publishes() bool {
	return s.Addresses == namesPublished && s.NamesPublishedBy == byBroker
}

func (s settings) nats() publish.Settings {
	return publish.Settings{
		Servers: s.NATSServers, User: s.NATSUser, Password: s.NATSPassword,
		CAFile: s.NATSCAFile, CertFile: s.NATSCertFile, KeyFile: s.NATSKeyFile, ServerName: s.NATSServerName,
	}
}

func isLabel(name string) bool { return len(validation.IsDNS1123Label(name)) == 0 }

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// settingFields are the settings as the struct describes them.
func settingFields() []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[settings]()), func(f reflect.StructField) bool { return f.Anonymous })
}

// settingsHelp lists the settings as the struct describes them.
func settingsHelp() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, field := range settingFields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", name, field.Tag.Get("envDefault"), field.Tag.Get("help")) // into memory
	}
	_ = table.Flush()
	return text.String()
}
