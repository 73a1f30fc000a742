package check

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// judged is a finding, and what it has to be.
type judged struct {
	got   Finding
	state State
	found string // a part of what is found
}

func (j judged) test(t *testing.T, name string) {
	t.Helper()
	if j.got.State != j.state || !strings.Contains(j.got.Found, j.found) {
		t.Errorf("%s: %+v, want %s and %q", name, j.got, j.state, j.found)
	}
	if j.got.State == Failed && j.got.Cure == "" {
		t.Errorf("%s: nothing is said to be done: %+v", name, j.got)
	}
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestJudge(t *testing.T) {
	f := Foundation{BrokerName: "helm", BrokerURL: "https://helm.example.com"}
	for name, j := range map[string]judged{
		"an old Kubernetes":         {judgeVersion("v1.29.3"), Failed, "v1.29.3"},
		"the oldest that will do":   {judgeVersion("v1.30.0"), OK, ""},
		"a distribution's version":  {judgeVersion("v1.33.1-gke.100"), OK, ""},
		"no version":                {judgeVersion("main"), Unknown, `"main"`},
		"clocks agree":              {judgeClock(at(now.Add(-3*time.Second)), now), OK, ""},
		"a clock is ahead":          {judgeClock(at(now.Add(time.Minute)), now), Warning, "1m0s"},
		"a clock is behind":         {judgeClock(at(now.Add(-time.Minute)), now), Warning, "1m0s"},
		"no time in the answer":     {judgeClock(http.Header{}, now), Unknown, ""},
		"confined":                  {judgeConfinement(forbidden("ValidatingAdmissionPolicy 'cf-helm-broker' denied request")), OK, ""},
		"not confined":              {judgeConfinement(nil), Failed, "become anyone"},
		"no right at all":           {judgeConfinement(forbidden("cannot create resource rolebindings")), Unknown, "no right"},
		"not answered":              {judgeConfinement(errors.New("connection refused")), Unknown, "refused"},
		"somebody leads":            {judgeLease(lease("a", now.Add(-10*time.Second)), now), OK, "a leads"},
		"nobody leads any more":     {judgeLease(lease("a", now.Add(-time.Minute)), now), Warning, "1m0s"},
		"the lease was given back":  {judgeLease(lease("", now), now), Warning, "no replica"},
		"registered":                {f.judgeRegistration("https://helm.example.com/", true), OK, ""},
		"registered somewhere else": {f.judgeRegistration("https://old.example.com", true), Warning, "https://old.example.com"},
		"not registered":            {f.judgeRegistration("", false), Warning, "no service broker helm"},
	} {
		j.test(t, name)
	}
}

func at(time time.Time) http.Header {
	return http.Header{"Date": []string{time.UTC().Format(http.TimeFormat)}}
}

func forbidden(words string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "rolebindings"}, "x", errors.New(words))
}

func lease(holder string, renewed time.Time) *coordinationv1.Lease {
	at, lasts := metav1.NewMicroTime(renewed), int32(15)
	return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &at, LeaseDurationSeconds: &lasts}}
}

// TestJudgeGuards: what an agent tells of its node counts for as long as it is told again.
func TestJudgeGuards(t *testing.T) {
	told := func(component, node string, ago time.Duration) corev1.Event {
		return corev1.Event{
			InvolvedObject: corev1.ObjectReference{Kind: "Node", Name: node}, Source: corev1.EventSource{Component: component},
			Reason: "OverlayUnsafe", Message: "kube-proxy masquerades", LastTimestamp: metav1.NewTime(now.Add(-ago)),
		}
	}
	var many []corev1.Event
	for _, node := range []string{"7", "6", "5", "4", "3", "2", "1"} {
		many = append(many, told("c2c-cni", node, 9*time.Minute))
	}
	for name, c := range map[string]struct {
		events []corev1.Event
		count  int
		state  State
		found  string // of the last
	}{
		"nothing was told":    {nil, 1, OK, "none has told"},
		"another's event":     {[]corev1.Event{told("kubelet", "1", 0)}, 1, OK, "none has told"},
		"one that was mended": {[]corev1.Event{told("c2c-cni", "1", time.Hour)}, 1, OK, "none has told"},
		"one that lasts":      {[]corev1.Event{told("c2c-cni", "1", 9*time.Minute)}, 1, Warning, "node 1, OverlayUnsafe: kube-proxy masquerades"},
		"many":                {many, 6, Warning, "and 2 problems more"},
	} {
		got := judgeGuards(c.events, now)
		if len(got) != c.count {
			t.Errorf("%s: %+v", name, got)
		}
		judged{got[len(got)-1], c.state, c.found}.test(t, name)
	}
}

// TestJudgeNamespaces: an instance's namespace has its annotation, and any other of the
// prefix is within the broker's reach.
func TestJudgeNamespaces(t *testing.T) {
	instance := corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "cf-helm-1", Annotations: map[string]string{tenant.InstanceAnnotation: "1"}}}
	trial := corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "cf-helm-2", Annotations: map[string]string{TrialAnnotation: "2"}}}
	for name, c := range map[string]struct {
		others []string
		state  State
		found  string
	}{
		"instances alone":          {[]string{"default", "cf-helmet"}, OK, "1 instance has one"},
		"the broker's own":         {[]string{"cf-helm-broker"}, OK, ""},
		"a second broker's within": {[]string{"cf-helm-broker", "cf-helm-second"}, Warning, "cf-helm-second"},
	} {
		all := []corev1.Namespace{instance, trial}
		for _, other := range c.others {
			all = append(all, corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}})
		}
		judged{judgeNamespaces("cf-helm", "cf-helm-broker", all)[0], c.state, c.found}.test(t, name)
	}
}

func TestJudgeAuthorities(t *testing.T) {
	needs := []Need{{"policies", []string{"network.admin"}}, {"placeholder apps", []string{"cloud_controller.admin", "cloud_controller.write"}}}
	for name, c := range map[string]struct {
		have    []string
		missing []string
	}{
		"all":           {[]string{"network.admin", "cloud_controller.write"}, nil},
		"one is no use": {[]string{"network.write", "cloud_controller.admin"}, []string{"policies"}},
		"none":          {nil, []string{"policies", "placeholder apps"}},
	} {
		got := judgeAuthorities(c.have, needs, "CF_CLIENT_ID")
		if len(c.missing) == 0 {
			judged{got[0], OK, "network.admin"}.test(t, name)
			continue
		}
		if len(got) != len(c.missing) {
			t.Errorf("%s: %+v", name, got)
		}
		for n, missing := range c.missing {
			judged{got[n], Failed, missing}.test(t, name)
		}
	}
}

func TestJudgeCatalog(t *testing.T) {
	service := chart.Service{Plans: make([]chart.Plan, 2)}
	problem := chart.Problem{From: "charts/broken", Err: errors.New("plans.yaml: line 3")}
	judged{judgeCatalog(chart.Catalog{Services: []chart.Service{service}})[0], OK, "1 service, 2 plans"}.test(t, "offered")
	judged{judgeCatalog(chart.Catalog{})[0], Failed, "none"}.test(t, "nothing to offer")
	judged{judgeCatalog(chart.Catalog{Services: []chart.Service{service}, Problems: []chart.Problem{problem}})[0], Failed, "charts/broken"}.test(t, "one is left out")
}
