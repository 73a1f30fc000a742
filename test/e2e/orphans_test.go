package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// orphans runs `broker orphans` with the broker's account and CF client, and returns the
// kinds and ids of what it finds, in their order, and its cures by these.
func (f *foundation) orphans(exit int) (found []string, cures map[string]string) {
	f.t.Helper()
	var told struct {
		Orphans []orphans.Orphan
		Unknown []string
	}
	f.must(json.Unmarshal([]byte(f.runOrphans(exit, "--json")), &told))
	cures = map[string]string{}
	for _, o := range told.Orphans {
		name := o.Kind + " " + o.ID
		found, cures[name] = append(found, name), o.Cure
	}
	for range told.Unknown {
		found = append(found, "unknown")
	}
	slices.Sort(found)
	return found, cures
}

func (f *foundation) runOrphans(exit int, args ...string) string {
	f.t.Helper()
	stdout, _ := f.command(exit, f.settings, append([]string{"orphans", "--age", "0s"}, args...)...)
	return stdout
}

// registerHelm has Cloud Foundry know the broker as helm.
func (f *foundation) registerHelm() {
	f.t.Helper()
	r := f.registrar(f.cf.Client())
	r.settings["CF_BROKER_NAME"] = "helm"
	r.run(0, "register")
}

// wantOrphans fails unless just these are found, and returns what would mend them.
func (f *foundation) wantOrphans(exit int, want ...string) (cures map[string]string) {
	f.t.Helper()
	slices.Sort(want)
	found, cures := f.orphans(exit)
	if !slices.Equal(found, want) {
		f.t.Errorf("found are %q, want %q", found, want)
	}
	return cures
}

var (
	cfCurl = regexp.MustCompile(`cf curl -X (\w+) '?(/v3|/networking/v1/external)(/[^' ]+)'?(?: -d '(.*)')?`)
	others = regexp.MustCompile(`(kubectl|helm|curl) .*`)
)

// cure runs the command that mends an orphan: the cf CLI's by what it sends.
func (f *foundation) cure(text string) {
	f.t.Helper()
	f.cureOn(shared, text)
}

func (f *foundation) cureOn(c *cluster.Cluster, text string) {
	f.t.Helper()
	if told := cfCurl.FindStringSubmatch(text); told != nil {
		r := cfapi.Request{Call: "cure", Part: cfapi.CloudController, Method: told[1], Path: told[3]}
		if told[2] != "/v3" {
			r.Part = cfapi.PolicyServer
		}
		if told[4] != "" {
			r.Body = json.RawMessage(told[4])
		}
		_, err := cfapi.New(cfapi.Settings{CFAPIAddress: f.cf.URL(), ClientID: f.settings["CF_CLIENT_ID"], ClientSecret: f.settings["CF_CLIENT_SECRET"], Timeout: patience}, func(string, error) {}).Call(f.t.Context(), r)
		f.must(err)
		return
	}
	words, _, _ := strings.Cut(others.FindString(text), ", ")
	words, _, _ = strings.Cut(words, " deletes it ")
	command := exec.CommandContext(f.t.Context(), "sh", "-c", words)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "SECURITY_USER_NAME="+rig.Username, "SECURITY_USER_PASSWORD="+rig.Password)
	if out, err := command.CombinedOutput(); err != nil || words == "" {
		f.t.Fatalf("%q of %q: %v: %s", words, text, err, out)
	}
}

// makeNamespace makes one as the broker does for an instance.
func (f *foundation) makeNamespace(there kubernetes.Interface, instance string) *corev1.Namespace {
	f.t.Helper()
	made, err := there.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: f.settings["NAMESPACE_PREFIX"] + "-" + instance[:8], Annotations: map[string]string{tenant.InstanceAnnotation: instance},
	}}, metav1.CreateOptions{})
	f.must(err)
	return made
}

// spoilReleases leaves a ClusterRole of a lost instance, and takes another's records of its
// release away, in place of one that is nobody's. It returns what these are as orphans.
func (f *foundation) spoilReleases(i rig.Instance, lost string) (role, its, theirs string, putBack func()) {
	f.t.Helper()
	target := tenant.TargetOf(f.settings["NAMESPACE_PREFIX"], lost)
	_, err := kube.RbacV1().ClusterRoles().Create(f.t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{
		Name: target.Namespace + "-it's left", Annotations: map[string]string{"meta.helm.sh/release-name": target.Release, "meta.helm.sh/release-namespace": target.Namespace},
	}}, metav1.CreateOptions{})
	f.must(err)
	secrets := kube.CoreV1().Secrets(f.namespace(i))
	records, err := secrets.List(f.t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	f.must(err)
	record := records.Items[0]
	record.ResourceVersion = ""
	other := record.DeepCopy()
	other.Name, other.Labels["name"] = "sh.helm.release.v1.theirs.v1", "theirs"
	_, err = secrets.Create(f.t.Context(), other, metav1.CreateOptions{})
	f.must(err)
	f.must(secrets.Delete(f.t.Context(), record.Name, metav1.DeleteOptions{}))
	role = "object clusterroles.rbac.authorization.k8s.io " + target.Namespace + "-it's left"
	return role, "Helm release " + f.namespace(i) + "/" + tenant.ReleaseName(i.ID), "Helm release " + f.namespace(i) + "/theirs", func() {
		_, err := secrets.Create(f.t.Context(), &record, metav1.CreateOptions{})
		f.must(err)
		f.must(secrets.Delete(f.t.Context(), other.Name, metav1.DeleteOptions{}))
	}
}

// TestOrphans: a foundation, records and a cluster that agree have none, and what one of
// them has lost is found, that alone.
func TestOrphans(t *testing.T) {
	f := newFoundation(t, sampleCharts, map[string]string{"CF_BROKER_REGISTER": "false", "CF_BROKER_NAME": "helm", "POLICY_DESTINATION": "instance"}, rig.Granted{
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"list"}}},
	})
	f.registerHelm()
	f.settings["CF_BROKER_URL"] = f.broker.URL()
	i := f.create("redis", "cache", nil)
	app, bound := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, bound, app))
	plan := f.cf.ServicePlans()[0].GUID
	f.cf.PutServiceInstance(i.ID, plan)
	f.cf.PutServiceBinding(bound, i.ID)
	f.wantOrphans(0)
	alone := maps.Clone(f.settings)
	maps.DeleteFunc(alone, func(name, _ string) bool { return strings.HasPrefix(name, "CF_") })
	told, _ := f.command(0, alone, "orphans", "--age", "0s")
	f.contains(told, "without Cloud Foundry, since CF_API_ADDRESS isn't set", "0 orphans, 0 parts couldn't")
	f.cf.DeleteServiceBinding(bound)
	f.wantOrphans(1, "service binding "+bound)
	f.cf.PutServiceBinding(bound, i.ID)
	f.cf.DeleteServiceInstance(i.ID)
	// Bindings are listed by their instances' plans.
	f.wantOrphans(1, "service instance "+i.ID, "service binding "+bound)
	f.cf.PutServiceInstance(i.ID, plan)
	lost := f.cf.AddServiceInstance(plan)
	lostBinding := uuid.NewString()
	f.cf.PutServiceBinding(lostBinding, lost)
	namespace := f.makeNamespace(kube, lost)
	f.must(f.cf.AddPolicies(cf.NewPolicy(app, i.ID, "tcp", 4444, 4444), cf.NewPolicy(app, uuid.NewString(), "tcp", 80, 80)))
	group := securitygroup.NamesTo(lost) + f.cf.Space()
	f.cf.PutSecurityGroup(cf.SecurityGroup{Name: group})
	own := securitygroup.NamesTo(i.ID) + f.cf.Space()
	f.cf.PutSecurityGroup(cf.SecurityGroup{Name: own})
	f.wantOrphans(1, "security group "+group, "service instance "+lost, "service binding "+lostBinding, "namespace "+namespace.Name, "policy "+app+" → "+i.ID+" tcp/4444-4444")
	f.contains(f.runOrphans(1), "service instance "+lost+": Cloud Foundry has it", "5 orphans, 0 parts couldn't be looked at")
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError})
	f.wantOrphans(1, "security group "+group, "service instance "+lost, "service binding "+lostBinding, "namespace "+namespace.Name, "unknown")
	f.cf.Clear()
	placeholder := f.cf.AddApp(cf.App{Labels: map[string]string{"cf-helm-broker.io/placeholder-for": uuid.NewString()}}).GUID
	role, its, theirs, putBack := f.spoilReleases(i, lost)
	cures := f.wantOrphans(1, "security group "+group, "service instance "+lost, "service binding "+lostBinding, "namespace "+namespace.Name, "policy "+app+" → "+i.ID+" tcp/4444-4444", "placeholder app "+placeholder,
		role, its, theirs)
	f.cure(cures[role])
	f.contains(cures[theirs], "unless somebody needs it: helm -n "+f.namespace(i)+" uninstall 'theirs'")
	f.contains(cures[its], "put back the Secrets sh.helm.release.v1."+tenant.ReleaseName(i.ID)+".v*")
	putBack()
	f.cure(cures["namespace "+namespace.Name])
	f.cure(cures["policy "+app+" → "+i.ID+" tcp/4444-4444"])
	f.cure(cures["placeholder app "+placeholder])
	// The stand-in knows none of these requests.
	f.contains(cures["service instance "+lost], "cf curl -X DELETE '/v3/service_instances/"+lost+"?purge=true'")
	f.contains(cures["service binding "+lostBinding], "cf curl -X DELETE /v3/service_credential_bindings/"+lostBinding)
	f.contains(cures["security group "+group], "cf delete-security-group -f "+group)
	f.cf.DeleteServiceInstance(lost)
	f.cf.DeleteServiceBinding(lostBinding)
	f.cf.DeleteSecurityGroup(group)
	f.cf.DeleteServiceInstance(i.ID)
	f.cf.DeleteServiceBinding(bound)
	cures = f.wantOrphans(1, "service instance "+i.ID, "service binding "+bound)
	f.cure(cures["service binding "+bound])
	f.cure(cures["service instance "+i.ID])
	f.eventually("the instance is deleted", func() bool {
		_, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).Get(t.Context(), "instance."+i.ID, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	f.cf.DeleteSecurityGroup(own)
	f.wantOrphans(0)
}

// TestOrphansMended: --fix unbinds what Cloud Foundry doesn't know, and takes away what no
// binding opens, and nothing else; without --yes it does nothing.
func TestOrphansMended(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{
		"ENFORCE": "networkpolicy,securitygroup", "APP_PODS": "kind-deployment", "CF_BROKER_NAME": "helm", "POLICY_DESTINATION": "instance",
	}, networkPolicyRights(t))
	f.registerHelm()
	i, app, binding := f.boundNearApps()
	f.cf.PutServiceInstance(i.ID, f.cf.ServicePlans()[0].GUID)
	f.cf.PutServiceBinding(binding, i.ID)
	f.wantOrphans(0)
	other, ended := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, ended, other))
	f.wantEnforced(i, other, "networkpolicy", "securitygroup")
	policies := slices.Concat(f.networkPolicies(f.namespace(i), other), f.networkPolicies(appsNamespace, other))
	groups := f.cf.SecurityGroups()
	f.want(200)(f.Unbind(t.Context(), i, ended))
	f.wantEnforced(i, other)
	another, lost := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, lost, another))
	f.wantEnforced(i, another, "networkpolicy", "securitygroup")

	left := []string{"service binding " + lost}
	for _, p := range policies {
		p.ResourceVersion = ""
		_, err := kube.NetworkingV1().NetworkPolicies(p.Namespace).Create(t.Context(), &p, metav1.CreateOptions{})
		f.must(err)
		left = append(left, "NetworkPolicy "+p.Namespace+"/"+p.Name)
	}
	opened := map[string]bool{}
	for _, g := range f.cf.SecurityGroups() {
		before := slices.IndexFunc(groups, func(b cf.SecurityGroup) bool { return b.Name == g.Name })
		for _, rule := range groups[before].Rules {
			if strings.Contains(rule.Description, other) {
				g.Rules = append(g.Rules, rule)
				opened[fmt.Sprintf("security group rule %s %s → %s tcp/%s-%[4]s", g.Name, other, i.ID, rule.Ports)] = true
			}
		}
		f.cf.PutSecurityGroup(g)
	}
	instance := uuid.NewString()
	placeholder := f.cf.AddApp(cf.App{
		Name: "cf-helm-broker-" + instance, Labels: map[string]string{"cf-helm-broker.io/placeholder-for": instance}, Annotations: map[string]string{"cf-helm-broker.io/service-instance": instance},
	}).GUID
	left = slices.Concat(left, slices.Collect(maps.Keys(opened)), []string{"placeholder app " + placeholder})
	f.wantOrphans(1, left...)
	last := time.Now()
	f.eventually("what is left is old enough to be undone", func() bool { return time.Since(last) > time.Minute })
	_, told := f.command(1, f.settings, "orphans", "--age", "1m", "--fix")
	f.contains(told, fmt.Sprintf("nothing was done; give --yes to have %d of them undone", len(left)))
	f.wantEnforced(i, another, "networkpolicy", "securitygroup")
	f.contains(f.runOrphans(0, "--age", "1m", "--fix", "--yes"), "service binding "+lost, "mended: --fix unbinds it",
		fmt.Sprintf("%d orphans, %[1]d mended, 0 parts couldn't be looked at", len(left)))
	f.wantEnforced(i, other)
	f.wantEnforced(i, another)
	f.wantEnforced(i, app, "networkpolicy", "securitygroup")
	f.wantOrphans(0)
}
