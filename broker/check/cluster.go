package check

import (
	"context"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// oldest is the first version in which ValidatingAdmissionPolicies, which confine the
// broker, are there without a switch.
const oldest = "1.30"

// Cluster is where the records and, unless plans have others, the instances are.
type Cluster struct {
	Config  *rest.Config
	Clients kubernetes.Interface
	// Namespace holds the records, and Prefix begins those of instances.
	Namespace, Prefix string
	// Roles are what the broker's account has to be allowed.
	Roles Roles
	// Agents tells whether nodes have to say that they have polled policies.
	Agents bool
}

// Looks are those at the cluster.
func (c Cluster) Looks() []Look {
	looks := []Look{
		{"Kubernetes version", c.version},
		{"account", c.account},
		{"clock of Kubernetes", c.clock},
		{"rights", c.rights},
		{"confinement", c.confinement},
		{"records", c.records},
		{"one more record", c.anotherRecord},
		{"namespaces", c.namespaces},
		{"cluster DNS", c.dns},
		{"storage", c.storage},
	}
	if c.Agents {
		looks = append(looks, Look{"Silk agents", c.agents}, Look{"Silk agents' guards", c.guards})
	}
	return looks
}

func (c Cluster) version(context.Context) []Finding {
	info, err := c.Clients.Discovery().ServerVersion()
	if err != nil {
		return one(failed("it doesn't answer: %v", err).cure("check SERVER, TOKEN and CA_DATA, or KUBECONFIG, and that the API server can be reached from here"))
	}
	return one(judgeVersion(info.GitVersion))
}

func judgeVersion(text string) Finding {
	found, err := version.ParseGeneric(text)
	switch {
	case err != nil:
		return unknown("it calls itself %q", text).cure("the broker needs Kubernetes %s or newer", oldest)
	case found.LessThan(version.MustParseGeneric(oldest)):
		return failed("%s has no ValidatingAdmissionPolicies, which confine the broker and its charts", text).cure("use Kubernetes %s or newer", oldest)
	}
	return ok("%s", text)
}

func (c Cluster) account(ctx context.Context) []Finding {
	review, err := c.Clients.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return one(unknown("who this is can't be asked: %v", err).cure("check TOKEN, or what KUBECONFIG holds"))
	}
	return one(ok("%s; what follows is what this account may do", review.Status.UserInfo.Username))
}

// mostApart is how far two clocks may be from each other: UAA's tokens and Leases are
// judged by them.
const mostApart = 5 * time.Second

func (c Cluster) clock(ctx context.Context) []Finding {
	client, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return one(unknown("%v", err))
	}
	address, _, err := rest.DefaultServerUrlFor(c.Config)
	if err != nil {
		return one(unknown("%v", err))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.JoinPath("version").String(), nil)
	if err != nil {
		return one(unknown("%v", err))
	}
	response, err := client.Do(request)
	if err != nil {
		return one(unknown("it doesn't answer: %v", err))
	}
	_ = response.Body.Close()
	return one(judgeClock(response.Header, time.Now()))
}

// judgeClock compares the time that an answer's header holds, in whole seconds, with the
// time at which it came.
func judgeClock(header http.Header, now time.Time) Finding {
	there, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return unknown("its answers don't say the time")
	}
	apart := now.Sub(there).Abs()
	if apart > mostApart+time.Second {
		return warning("it is %s from this host's", apart.Round(time.Second)).cure("set both by NTP: tokens and Leases are judged by the time")
	}
	return ok("it is within %s of this host's", mostApart)
}
