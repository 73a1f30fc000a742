package cf

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ServiceBroker is a service broker that is registered.
type ServiceBroker struct {
	GUID, Name, URL    string
	Username, Password string

	// busy has updates refused, as while its catalog is being read.
	busy             bool
	created, updated time.Time
}

// ServicePlan is a plan of a registered broker's.
type ServicePlan struct {
	GUID, Offering, Name string
	// CatalogID is its id in the broker's catalog.
	CatalogID string
	// Available is false once it has left the catalog, and stays for its instances.
	Available bool
	Public    bool
	// Organizations are the names of those that see it, sorted, where it isn't public.
	Organizations []string

	offering         string // its GUID
	description      string
	free             bool
	maintenance      map[string]any
	orgs             []string // GUIDs
	created, updated time.Time
}

// offering is a service of a broker's catalog.
type offering struct {
	guid, catalogID, name, description, broker string
	available                                  bool
	created                                    time.Time
}

// brokerStore holds the brokers, what they offer and its instances, all guarded by
// the cloud controller's mu.
type brokerStore struct {
	brokers   []ServiceBroker
	offerings []offering
	plans     []ServicePlan
	instances map[string]string // the plans of service instances, by GUID
	bindings  map[string]string // the service instances of bindings, by GUID
}

// ServiceBrokers are the registered brokers.
func (s *Server) ServiceBrokers() []ServiceBroker {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	return slices.Clone(s.cc.brokers)
}

// ServicePlans are the plans of all brokers.
func (s *Server) ServicePlans() []ServicePlan {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	plans := slices.Clone(s.cc.plans)
	for i := range plans {
		plans[i].Organizations = s.cc.orgNames(plans[i].orgs)
	}
	return plans
}

// AddServiceInstance makes a service instance of a plan, without asking its broker.
func (s *Server) AddServiceInstance(plan string) (guid string) {
	guid = uuid.NewString()
	s.PutServiceInstance(guid, plan)
	return guid
}

// PutServiceInstance is AddServiceInstance for one that its broker has.
func (s *Server) PutServiceInstance(guid, plan string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.instances[guid] = plan
}

// PutServiceBinding makes a binding of a service instance, without asking its broker.
func (s *Server) PutServiceBinding(guid, instance string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.bindings[guid] = instance
}

// DeleteServiceBinding removes one again, if it is there.
func (s *Server) DeleteServiceBinding(guid string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	delete(s.cc.bindings, guid)
}

// DeleteServiceInstance removes one again, if it is there.
func (s *Server) DeleteServiceInstance(guid string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	delete(s.cc.instances, guid)
}

// orgNames wants mu held.
func (c *cloudController) orgNames(guids []string) (names []string) {
	for _, o := range c.orgs {
		if slices.Contains(guids, o.guid) {
			names = append(names, o.name)
		}
	}
	slices.Sort(names)
	return names
}

// broker wants mu held.
func (c *cloudController) broker(guid string) *ServiceBroker {
	i := slices.IndexFunc(c.brokers, func(b ServiceBroker) bool { return b.GUID == guid })
	if i < 0 {
		return nil
	}
	return &c.brokers[i]
}

// brokerOf is the GUID of a plan's broker. It wants mu held.
func (c *cloudController) brokerOf(p ServicePlan) string {
	i := slices.IndexFunc(c.offerings, func(o offering) bool { return o.guid == p.offering })
	return c.offerings[i].broker
}

// inUse tells whether a broker has instances. It wants mu held.
func (c *cloudController) inUse(broker string) bool {
	return slices.ContainsFunc(c.plans, func(p ServicePlan) bool { return c.brokerOf(p) == broker && c.hasInstances(p.GUID) })
}

func (c *cloudController) hasInstances(plan string) bool {
	for _, of := range c.instances {
		if of == plan {
			return true
		}
	}
	return false
}

// removeBroker wants mu held.
func (c *cloudController) removeBroker(guid string) {
	c.plans = slices.DeleteFunc(c.plans, func(p ServicePlan) bool { return c.brokerOf(p) == guid })
	c.offerings = slices.DeleteFunc(c.offerings, func(o offering) bool { return o.broker == guid })
	c.brokers = slices.DeleteFunc(c.brokers, func(b ServiceBroker) bool { return b.GUID == guid })
}

// synchronize begins the job that reads a broker's catalog and, once that is found
// good, changes the broker. A create's broker stays if the job fails; an update's stays
// as it was.
func (s *Server) synchronize(operation string, changed ServiceBroker) (job string) {
	job = s.cc.addOpenJob(operation)
	go func() {
		catalog, failed := readCatalog(s.ctx, changed)
		s.cc.mu.Lock()
		defer s.cc.mu.Unlock()
		if b := s.cc.broker(changed.GUID); b != nil {
			b.busy = false
			if failed == nil {
				changed.busy, changed.created, changed.updated = false, b.created, s.cc.now().UTC()
				*b = changed
				s.cc.takeOver(b.GUID, catalog)
			}
		}
		s.cc.endOpenJob(job, failed)
	}()
	return job
}

// takeOver makes a catalog a broker's offer: what is new nobody sees yet, what has left
// it goes, or stays unavailable while it has instances. It wants mu held.
func (c *cloudController) takeOver(broker string, catalog catalog) {
	now := c.now().UTC()
	offered := map[string]bool{}
	for _, service := range catalog.Services {
		of := c.offer(broker, service, now)
		for _, p := range service.Plans {
			offered[p.ID] = true
			c.offerPlan(of, service.Name, p, now)
		}
	}
	for i, p := range c.plans {
		if c.brokerOf(p) == broker && !offered[p.CatalogID] {
			c.plans[i].Available = false
		}
	}
	c.plans = slices.DeleteFunc(c.plans, func(p ServicePlan) bool { return !p.Available && !c.hasInstances(p.GUID) })
	c.offerings = slices.DeleteFunc(c.offerings, func(o offering) bool {
		return !slices.ContainsFunc(c.plans, func(p ServicePlan) bool { return p.offering == o.guid })
	})
}

func (c *cloudController) offer(broker string, s catalogService, now time.Time) (guid string) {
	i := slices.IndexFunc(c.offerings, func(o offering) bool { return o.broker == broker && o.catalogID == s.ID })
	if i < 0 {
		i = len(c.offerings)
		c.offerings = append(c.offerings, offering{guid: uuid.NewString(), catalogID: s.ID, broker: broker, created: now})
	}
	c.offerings[i].name, c.offerings[i].description, c.offerings[i].available = s.Name, s.Description, true
	return c.offerings[i].guid
}

func (c *cloudController) offerPlan(of, service string, p catalogPlan, now time.Time) {
	i := slices.IndexFunc(c.plans, func(have ServicePlan) bool { return have.offering == of && have.CatalogID == p.ID })
	if i < 0 {
		i = len(c.plans)
		c.plans = append(c.plans, ServicePlan{GUID: uuid.NewString(), CatalogID: p.ID, offering: of, created: now})
	}
	have := &c.plans[i]
	have.Offering, have.Name, have.description, have.free, have.maintenance = service, p.Name, p.Description, p.Free == nil || *p.Free, p.MaintenanceInfo
	have.Available, have.updated = true, now
}

// readCatalog asks a broker for its catalog, as the cloud controller's
// lib/services/service_brokers/v2 does, whose words the failures have.
func readCatalog(ctx context.Context, b ServiceBroker) (catalog, *ccError) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	unreachable := &ccError{10001, "CF-ServiceBrokerApiUnreachable", "The service broker could not be reached"}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/v2/catalog", nil)
	if err != nil {
		return catalog{}, unreachable
	}
	request.SetBasicAuth(b.Username, b.Password)
	request.Header.Set("X-Broker-Api-Version", "2.15")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return catalog{}, unreachable
	}
	defer func() { _ = response.Body.Close() }()
	return judgeCatalog(response)
}
