package release

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/wire"
)

// session is the Helm SDK bound to one operation: once ctx has ended every
// request it makes fails, so that Helm, which goes on after a cancelled
// context, can be awaited and leaves nobody else's release half written.
type session struct {
	*action.Configuration
	cluster *Client
	target  tenant.Target
	client  *boundClient
	// config is what the session's requests are made with.
	config *rest.Config
	mapper *readiness.Mapper
	// objects are what was read of releases.
	objects map[*release.Release][]manifest.Object
	// renew has what the cluster serves asked for again.
	renew func()
	// rights are awaited where they may not count yet; nil: they do.
	rights *patience
}

// session opens a Helm session for the target. report is told of readiness
// while Helm waits. What is made in it is made as for a plan that doesn't allow
// exposure: set the client's rules where that isn't so. Where Helm acts as the
// instance it is made sure that the instance may act, in a namespace that was made
// just now when something is refused.
func (c *Client) session(ctx context.Context, target tenant.Target, report func(readiness.Progress)) (*session, error) {
	as := c.tenants.As(target)
	if target.Made == nil || !c.tenants.ActsAsInstance(target) {
		if err := c.tenants.AwaitAccount(ctx, target); err != nil {
			return nil, err
		}
		return c.sessionAs(ctx, as, target, report)
	}
	rights := &patience{await: func() error { return c.tenants.AwaitAccount(ctx, target) }}
	as = rest.CopyConfig(as)
	as.Wrap(rights.wrap)
	made, err := c.sessionAs(ctx, as, target, report)
	if err != nil {
		return nil, err
	}
	made.rights = rights
	return made, nil
}

// sessionAs is session with the rights of a configuration.
func (c *Client) sessionAs(ctx context.Context, as *rest.Config, target tenant.Target, report func(readiness.Progress)) (*session, error) {
	namespace := target.Namespace
	config := rest.CopyConfig(as)
	config.Wrap(bindTransport(ctx))
	config.Wrap(strict)
	if c.settings.Limiter != nil {
		config.RateLimiter = c.settings.Limiter.For(target.Tenant)
	}
	mapper := &readiness.Mapper{ResettableRESTMapper: c.mapper}
	asked := rest.CopyConfig(config)
	if target.Made != nil && c.settings.Renderer != nil { // else Helm's own templates look things up by that
		asked.Wrap(empty(namespace))
	}
	getter := &restGetter{cluster: c, config: asked, mapper: mapper, namespace: namespace}
	helm := new(action.Configuration)
	// Helm's debug log prints manifests and with them secrets: drop it.
	if err := helm.Init(getter, namespace, "secret", func(string, ...any) {}); err != nil {
		return nil, fmt.Errorf("opening a Helm session: %w", err)
	}
	recording, err := kubernetes.NewForConfig(wire.Compact(tenant.Keeping(config)))
	if err != nil {
		return nil, fmt.Errorf("building the client for the release's records: %w", err)
	}
	helm.Releases = history.In(recording, target)
	if helm.Capabilities, err = c.capabilities.of(ctx, c.discovery); err != nil {
		return nil, fmt.Errorf("opening a Helm session: %w", err)
	}
	client := helm.KubeClient.(*kube.Client)
	client.Namespace = namespace
	bound := &boundClient{Client: client, ctx: ctx, registry: c.tenants.Registry(), rules: c.tenants.Rules(target, false)}
	bound.release = target.Release
	if c.tenants.ActsAsInstance(target) {
		bound.broker = rest.CopyConfig(c.config)
		bound.broker.Wrap(bindTransport(ctx))
	}
	bound.watch = func(ctx context.Context, resources kube.ResourceList, hook bool) error {
		// What is read of a release that isn't ready is read when the operation's
		// time is up: not over its transport.
		reader, err := readiness.NewReader(as, c.config, c.discovery, target.Ready)
		if err != nil {
			return err
		}
		return fair.Aside(ctx, func(ctx context.Context) error { return reader.WaitReady(ctx, namespace, resources, hook, report) })
	}
	helm.KubeClient = bound
	return &session{
		Configuration: helm, cluster: c, target: target, client: bound, config: config, mapper: mapper,
		objects: map[*release.Release][]manifest.Object{}, renew: c.capabilities.renew,
	}, nil
}

// read is manifest.Read, once for each release: much is judged by its objects before
// they are made.
func (s *session) read(r *release.Release) ([]manifest.Object, error) {
	if objects, found := s.objects[r]; found {
		return objects, nil
	}
	objects, err := manifest.Read(r)
	if err == nil {
		s.objects[r] = objects
	}
	return objects, err
}

// restGetter hands Helm the operation's own transport and the cluster's
// shared discovery.
type restGetter struct {
	cluster   *Client
	config    *rest.Config
	mapper    *readiness.Mapper
	namespace string
}

func (g *restGetter) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(g.config), nil }

func (g *restGetter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.cluster.discovery, nil
}

func (g *restGetter) ToRESTMapper() (meta.RESTMapper, error) { return g.mapper, nil }

func (g *restGetter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: g.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}
