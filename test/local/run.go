package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// The ids that the commands to try are written with.
const (
	tryInstance = "11111111-1111-4111-8111-111111111111"
	tryBinding  = "22222222-2222-4222-8222-222222222222"
	tryOrg      = "33333333-3333-4333-8333-333333333333"
)

// runByHand starts everything, says how to use it and stays until ctx ends or
// the broker does.
func runByHand(ctx context.Context, out printer) (err error) {
	begin := time.Now()
	s, err := openStage(ctx, out)
	if err != nil {
		return err
	}
	defer func() {
		closing := s.close()
		if closing == nil {
			out.line("everything is stopped and removed")
		}
		err = errors.Join(err, closing)
	}()
	commands, err := s.commands(ctx)
	if err != nil {
		return errors.Join(unlessInterrupted(ctx, err), s.brokerEnded())
	}
	out.line("%s", out.paint(bold, fmt.Sprintf("\ncf-helm-broker is up after %.0f s. Ctrl-C stops and removes everything.", time.Since(begin).Seconds())))
	s.describe(out)
	out.line("\nTry it from another terminal:")
	for n, c := range commands {
		out.line("\n%s\n\n%s", out.paint(bold, fmt.Sprintf("%d  %s", n+1, c.does)), c.text)
	}
	out.line("")
	select {
	case <-ctx.Done():
		out.line("\nstopping ...")
		return nil
	case <-s.broker.Done():
		return s.brokerEnded()
	}
}

func (s *stage) describe(out printer) {
	host, port, _ := net.SplitHostPort(s.discovery.DNS()) // it listens there
	out.line("")
	out.labelled("broker", fmt.Sprintf("%s (user %s, password %s)", s.broker.URL(), rig.Username, rig.Password))
	out.labelled("its log", s.log.Name())
	out.labelled("Kubernetes", "export KUBECONFIG="+s.cluster.Kubeconfig())
	out.labelled("", fmt.Sprintf("namespaces %s-*, records in %s", namespacePrefix, brokerNamespace))
	out.labelled("CF stand-in", fmt.Sprintf("%s (apps %s, %s)", s.cf.URL(), s.web.Name, s.jobs.Name))
	out.labelled("names", fmt.Sprintf("dig -p %s @%s NAME, as Cloud Foundry's service discovery answers apps", port, host))
	out.labelled("its control", "/_standin/policies, /_standin/apps, /_standin/requests, /_standin/writes; POST /_standin/cleanup, /_standin/faults")
}

// tryCommand is one to paste into a shell.
type tryCommand struct{ does, text string }

// commands are written with nothing but curl and a shell's own means.
func (s *stage) commands(ctx context.Context) ([]tryCommand, error) {
	catalog, err := s.broker.Client().Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetching the catalog: %w", err)
	}
	service, plan, err := catalog.Find("redis", "cache")
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer(
		"CURL", "curl -s -u "+rig.Username+":"+rig.Password+" -H X-Broker-API-Version:2.17",
		"JSON", "-H Content-Type:application/json",
		"INSTANCE", s.broker.URL()+"/v2/service_instances/"+tryInstance,
		"BINDING", tryBinding,
		"CATALOG", s.broker.URL()+"/v2/catalog",
		"SERVICE", service.ID,
		"PLAN", plan.ID,
		"ORG", tryOrg,
		"SPACE", s.cf.Space(),
		"APP", s.web.GUID,
		"POLICIES", s.cf.URL()+"/_standin/policies",
	)
	return []tryCommand{
		{"the catalog, as `cf marketplace` fetches it", fill.Replace(catalogCommand)},
		{"cf create-service redis cache my-redis", fill.Replace(createCommand)},
		{"cf bind-service web my-redis", fill.Replace(bindCommand)},
		{"the policies that are open now, as `cf network-policies` lists them", fill.Replace(policiesCommand)},
		{"cf unbind-service web my-redis", fill.Replace(unbindCommand)},
		{"cf delete-service my-redis", fill.Replace(deleteCommand)},
	}, nil
}

// What is in capitals is filled in. Some requests of OSBAPI need their
// Content-Type, which curl takes for a form's otherwise.
const (
	catalogCommand = `CURL CATALOG`
	createCommand  = `CURL -X PUT JSON \
  'INSTANCE?accepts_incomplete=true' \
  -d '{"service_id": "SERVICE",
       "plan_id": "PLAN",
       "organization_guid": "ORG",
       "space_guid": "SPACE"}' &&
while CURL \
    INSTANCE/last_operation |
  tee /dev/stderr | grep -q 'in progress'; do sleep 1; done`
	bindCommand = `CURL -X PUT JSON \
  INSTANCE/service_bindings/BINDING \
  -d '{"service_id": "SERVICE",
       "plan_id": "PLAN",
       "bind_resource": {"app_guid": "APP"}}'`
	policiesCommand = `curl -s POLICIES`
	unbindCommand   = `CURL -X DELETE \
  'INSTANCE/service_bindings/BINDING?service_id=SERVICE&plan_id=PLAN'`
	deleteCommand = `CURL -X DELETE \
  'INSTANCE?accepts_incomplete=true&service_id=SERVICE&plan_id=PLAN'`
)
