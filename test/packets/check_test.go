package packets

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestCheckNetwork: broker check --network tells of Silk that it keeps to policies, and
// leaves nothing, also where it is interrupted; and that it doesn't where it doesn't.
func TestCheckNetwork(t *testing.T) {
	f, before := newFoundation(t, nil), len(stand.Policies())
	want := []check.State{check.OK, check.OK, check.OK}
	if found := f.checkNetwork(0); !slices.Equal(states(found), want) {
		t.Errorf("on Silk it finds %+v", found)
	}
	f.untouched(before)

	command := f.beginCheck(before)
	f.must(command.Process.Signal(syscall.SIGINT))
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("interrupted it ended with %v", err)
	}
	f.eventually("what it has made goes", func() bool { return len(f.trials()) == 0 })
	f.untouched(before)

	command = f.beginCheck(before)
	f.must(command.Process.Kill())
	_ = command.Wait()
	next := check.Network{
		Clients: kube, Namespaces: tenant.New(shared.RESTConfig(), kube, tenant.Config{}), Prefix: f.settings["NAMESPACE_PREFIX"],
		C2C: c2c.New(c2c.Settings{Settings: cfapi.Settings{Timeout: time.Minute, CFAPIAddress: f.settings["CF_API_ADDRESS"], ClientID: f.settings["CF_CLIENT_ID"], ClientSecret: f.settings["CF_CLIENT_SECRET"]}}, func(string, error) {}),
	}
	told := func(found check.Finding) { t.Log(found.State, found.Found) }
	next.RemoveLeft(t.Context(), time.Now(), told)
	if len(f.trials()) != 2 {
		t.Error("a self-test that may be under way isn't left alone")
	}
	next.RemoveLeft(t.Context(), time.Now().Add(time.Hour), told)
	f.untouched(before)
}

// beginCheck starts `broker check --network`, and returns when it has opened its policy.
func (f *foundation) beginCheck(policies int) *exec.Cmd {
	f.t.Helper()
	command := f.checkCommand()
	f.must(command.Start())
	f.eventually("it has opened its policy", func() bool { return len(stand.Policies()) > policies })
	return command
}

// TestCheckNetworkPolicies is the same where NetworkPolicies are enforced.
func TestCheckNetworkPolicies(t *testing.T) {
	f, before := newPlain(t), len(stand.Policies())
	want := []check.State{check.OK, check.OK, check.OK}
	if found := f.checkNetwork(0); !slices.Equal(states(found), want) {
		t.Errorf("it finds %+v", found)
	}
	f.untouched(before)
}

// TestCheckOpenNetwork: of a network that enforces nothing broker check says so, on whatever it
// is to be enforced.
func TestCheckOpenNetwork(t *testing.T) {
	f, before := newPlainOf(t, ""), len(stand.Policies())
	for network, cure := range map[string]string{"networkpolicy": "network plugin has to enforce NetworkPolicies", "c2c": "pods have to be on Silk"} {
		f.settings["ENFORCE"] = network
		found := f.checkNetwork(1)
		if !slices.Equal(states(found), []check.State{check.Failed}) || !strings.Contains(found[0].Found, "nothing keeps anybody out") || !strings.Contains(found[0].Cure, cure) {
			t.Errorf("with %s it finds %+v", network, found)
		}
		f.untouched(before)
	}
}

func (f *foundation) checkCommand() *exec.Cmd {
	f.t.Helper()
	settings := maps.Clone(f.settings)
	settings["SECURITY_USER_NAME"], settings["SECURITY_USER_PASSWORD"] = rig.Username, rig.Password
	command := exec.Command(binary, "check", "--network", "--image", brokerImage, "--json")
	for name, value := range settings {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stderr = os.Stderr
	return command
}

// checkNetwork runs `broker check --network` and returns what it finds of the network.
func (f *foundation) checkNetwork(exit int) (found []check.Finding) {
	f.t.Helper()
	command := f.checkCommand()
	stdout, err := command.Output()
	if command.ProcessState.ExitCode() != exit {
		f.t.Errorf("broker check ended with %v", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(stdout))); decoder.More(); {
		var one check.Finding
		f.must(decoder.Decode(&one))
		if one.Subject == "network" {
			found = append(found, one)
			f.t.Logf("%s %s → %s", one.State, one.Found, one.Cure)
		}
	}
	return found
}

func states(found []check.Finding) (all []check.State) {
	for _, f := range found {
		all = append(all, f.State)
	}
	return all
}

// trials are the namespaces of self-tests by this foundation's broker.
func (f *foundation) trials() (names []string) {
	f.t.Helper()
	all, err := kube.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	for _, n := range all.Items {
		if strings.HasPrefix(n.Name, f.settings["NAMESPACE_PREFIX"]+"-") && n.Annotations[check.TrialAnnotation] != "" {
			names = append(names, n.Name)
		}
	}
	return names
}

// untouched fails the test if there is anything left of a self-test, before which there were
// so many policies.
func (f *foundation) untouched(before int) {
	f.t.Helper()
	if names := f.trials(); len(names) > 0 {
		f.t.Errorf("namespaces %v are left", names)
	}
	if now := len(stand.Policies()); now != before {
		f.t.Errorf("there were %d policies, and are %d", before, now)
	}
	policies, err := kube.NetworkingV1().NetworkPolicies(metav1.NamespaceAll).List(context.Background(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/broker=broker_check"})
	f.must(err)
	if len(policies.Items) > 0 {
		f.t.Errorf("NetworkPolicies are left: %v", policies.Items)
	}
}
