package orphans

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
)

// Source is where the world is read.
type Source struct {
	Records  *record.Store
	Clusters *locate.Clusters
	// Namespace is that of the records, and Prefix begins those of the broker's instances.
	Namespace, Prefix string
	// NetworkPolicies tells whether the broker makes any.
	NetworkPolicies bool
	// URL is where the broker is asked.
	URL string
	// CF is nil where no CF API is configured.
	CF *c2c.Client
	// BrokerName is what Cloud Foundry knows the broker by.
	BrokerName string
	// Unread is what couldn't be read of the charts, whose plans name clusters.
	Unread []string
}

// Read reads all parts. unread says which couldn't be, and why. Without the records nothing
// can be told, and there is an error.
func (s Source) Read(ctx context.Context) (w World, unread []string, err error) {
	w.Broker, w.URL = s.Namespace, s.URL
	unread = slices.Clone(s.Unread)
	note := func(part string, err error) {
		if err != nil {
			unread = append(unread, fmt.Sprintf("%s: %v", part, err))
		}
	}
	if w.Instances, err = s.instances(ctx); err != nil {
		return w, unread, err
	}
	s.clusters(ctx, &w, note)
	if s.CF != nil {
		w.Policies, err = s.CF.List(ctx)
		note("policies", err)
		w.Placeholders, err = s.CF.AllPlaceholders(ctx)
		note("placeholder apps", err)
		w.Foundation, err = s.foundation(ctx, w.doubtful())
		note("Cloud Foundry's service instances and bindings", err)
		w.SecurityGroups, err = s.securityGroups(ctx)
		note("security groups", err)
	}
	// What is made is recorded before: so the records are read last.
	if w.Instances, err = s.instances(ctx); err != nil {
		return w, unread, err
	}
	if w.Bindings, err = s.Records.AllLiveBindings(ctx); err != nil {
		return w, unread, fmt.Errorf("reading the records of bindings: %w", err)
	}
	return w, unread, nil
}

func (s Source) instances(ctx context.Context) ([]record.Instance, error) {
	all, err := s.Records.LiveInstances(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the records of service instances: %w", err)
	}
	return all, nil
}

// securityGroups are those that the client sees: with less than all of them none is missed,
// for it is only their counterparts that are looked for.
func (s Source) securityGroups(ctx context.Context) (map[string]SecurityGroup, error) {
	all := map[string]SecurityGroup{}
	err := cfapi.Pages(ctx, s.CF.API(), list("list-security-groups", "/security_groups"), url.Values{}, func(g *resource.SecurityGroup) {
		if group, policies, ours := securitygroup.Made(g); ours {
			all[g.Name] = SecurityGroup{Group: group, Policies: policies, Changed: g.UpdatedAt}
		}
	})
	return all, err
}

// auditor is what the UAA client needs to see all service instances:
// https://v3-apidocs.cloudfoundry.org/#list-service-instances ("Permitted roles").
const auditor = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin_read_only or cloud_controller.admin"

// seesAll are the authorities by which a client sees what is in all spaces.
var seesAll = []string{"cloud_controller.admin", "cloud_controller.admin_read_only", "cloud_controller.global_auditor"}

// checkSight fails unless the client sees all: what it doesn't see would be taken for
// missing.
func (s Source) checkSight(ctx context.Context) error {
	have, err := s.CF.API().Authorities(ctx)
	if err == nil && !slices.ContainsFunc(have, func(a string) bool { return slices.Contains(seesAll, a) }) {
		err = fmt.Errorf("the client doesn't see what is in all spaces; %s", auditor)
	}
	return err
}

// foundation is Cloud Foundry's part, and which of the others it has.
func (s Source) foundation(ctx context.Context, others []string) (*Foundation, error) {
	if err := s.checkSight(ctx); err != nil {
		return nil, err
	}
	plans, found, err := register.Plans(ctx, s.CF.API(), s.BrokerName)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("the client sees no service broker %s (CF_BROKER_NAME); correct the name, or %s", s.BrokerName, auditor)
	}
	known := &Foundation{Instances: map[string]Known{}, Bindings: map[string]Known{}, Any: map[string]bool{}}
	if err := s.askFor(ctx, others, known.Any); err != nil {
		return nil, err
	}
	for some := range slices.Chunk(plans, 50) { // all may be too many for a URL
		query := func() url.Values { return url.Values{"service_plan_guids": {strings.Join(some, ",")}} }
		err := cfapi.Pages(ctx, s.CF.API(), list("list-service-instances", "/service_instances"), query(), func(i *resource.ServiceInstance) {
			known.Instances[i.GUID] = Known{Name: i.Name, Created: i.CreatedAt, Busy: busy(i.LastOperation)}
		})
		if err == nil {
			err = cfapi.Pages(ctx, s.CF.API(), list("list-service-bindings", "/service_credential_bindings"), query(), func(b *resource.ServiceCredentialBinding) {
				known.Bindings[b.GUID] = bindingOf(b)
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// askFor notes which of the service instances there are.
func (s Source) askFor(ctx context.Context, ids []string, there map[string]bool) error {
	for some := range slices.Chunk(ids, 50) {
		err := cfapi.Pages(ctx, s.CF.API(), list("list-service-instances", "/service_instances"), url.Values{"guids": {strings.Join(some, ",")}}, func(i *resource.ServiceInstance) { there[i.GUID] = true })
		if err != nil {
			return err
		}
	}
	return nil
}

func bindingOf(b *resource.ServiceCredentialBinding) Known {
	k := Known{Created: b.CreatedAt, Busy: busy(b.LastOperation)}
	if of := b.Relationships.ServiceInstance; of != nil && of.Data != nil {
		k.Instance = of.Data.GUID
	}
	return k
}

func busy(o resource.LastOperation) bool { return o.State == "initial" || o.State == "in progress" }

func list(call, path string) cfapi.List {
	return cfapi.List{Call: call, Path: path, Needs: auditor}
}
