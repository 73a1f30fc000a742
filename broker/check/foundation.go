package check

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Foundation is the Cloud Foundry that the broker serves.
type Foundation struct {
	Client *c2c.Client
	Needs  []Need
	// Policies are enforced by the policy server, and Space has placeholder apps.
	Policies, Space bool
	// BrokerName is what Cloud Foundry is to know the broker by, and BrokerURL where it is
	// reached; empty: somebody else sees to that.
	BrokerName, BrokerURL string
}

// Need is an authority that the UAA client has to have, or another one in its place.
type Need struct {
	For   string // what it is needed for
	AnyOf []string
}

// Looks are those at Cloud Foundry.
func (f Foundation) Looks() []Look {
	looks := []Look{{"CF API and UAA", f.authorities}, {"clock of Cloud Foundry", f.clock}}
	if f.Policies {
		looks = append(looks, Look{"policy server", f.policies})
	}
	if f.Space {
		looks = append(looks, Look{"placeholder space", f.space})
	}
	if f.BrokerURL != "" {
		looks = append(looks, Look{"registration", f.registration})
	}
	return looks
}

func (f Foundation) authorities(ctx context.Context) []Finding {
	have, err := f.Client.API().Authorities(ctx)
	if err != nil {
		return one(failed("%v", err))
	}
	return judgeAuthorities(have, f.Needs, "CF_CLIENT_ID")
}

func judgeAuthorities(have []string, needs []Need, client string) (findings []Finding) {
	for _, n := range needs {
		if !slices.ContainsFunc(n.AnyOf, func(a string) bool { return slices.Contains(have, a) }) {
			findings = append(findings, failed("the UAA client lacks an authority, which is needed for %s", n.For).
				cure("give the client of %s %s: uaac client update CLIENT --authorities …", client, strings.Join(n.AnyOf, " or ")))
		}
	}
	if len(findings) == 0 {
		findings = one(ok("the client's token holds %s", strings.Join(have, ", ")))
	}
	return findings
}

// clock asks for little that the client may list, and reads the answer's time.
func (f Foundation) clock(ctx context.Context) []Finding {
	r := cfapi.Request{Call: "read-time", Part: cfapi.CloudController, Method: http.MethodGet, Path: "/organizations?per_page=1"}
	if f.Policies {
		r.Part, r.Path = cfapi.PolicyServer, "/policies?id="+nobody
	}
	header, err := f.Client.API().Call(ctx, r)
	if err != nil {
		return one(unknown("%v", err))
	}
	return one(judgeClock(header, time.Now()))
}

func (f Foundation) policies(ctx context.Context) []Finding {
	all, err := f.Client.List(ctx)
	if err != nil {
		return one(failed("%v", err))
	}
	return one(ok("it lists %s", count(len(all), "policy", "policies")))
}

func (f Foundation) space(ctx context.Context) []Finding {
	if err := f.Client.CheckSpace(ctx); err != nil {
		return one(failed("%v", err))
	}
	return one(ok("the client sees it"))
}

func (f Foundation) registration(ctx context.Context) []Finding {
	url, found, err := register.Find(ctx, f.Client.API(), f.BrokerName)
	if err != nil {
		return one(unknown("%v", err))
	}
	return one(f.judgeRegistration(url, found))
}

func (f Foundation) judgeRegistration(url string, found bool) Finding {
	switch {
	case !found:
		return warning("Cloud Foundry knows no service broker %s, or the client may not see it", f.BrokerName).cure("broker register, or cf create-service-broker")
	case strings.TrimRight(url, "/") != strings.TrimRight(f.BrokerURL, "/"):
		return warning("Cloud Foundry looks for service broker %s at %s, and CF_BROKER_URL is %s", f.BrokerName, url, f.BrokerURL).
			cure("broker register, or cf update-service-broker %s", f.BrokerName)
	}
	return ok("service broker %s is registered at %s", f.BrokerName, url)
}
