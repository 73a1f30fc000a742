package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// orphans runs `broker orphans` with the broker's own account, and fails unless it ends
// with the exit status.
func (f *foundation) orphans(client cf.Client, exit int, args ...string) (printed string) {
	f.t.Helper()
	command := exec.CommandContext(f.t.Context(), binary, append([]string{"orphans"}, args...)...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + f.settings["KUBECONFIG"], "BROKER_NAMESPACE=" + f.settings["BROKER_NAMESPACE"],
		"CF_API_ADDRESS=" + f.cf.URL(), "CF_CLIENT_ID=" + client.ID, "CF_CLIENT_SECRET=" + client.Secret,
	}
	out, err := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); got != exit {
		f.t.Fatalf("orphans: exit status %d, want %d: %v\n%s", got, exit, err, out)
	}
	f.t.Logf("$ broker orphans %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

// TestOrphans finds what Cloud Foundry or the broker has alone, and calls nothing fine
// that it couldn't look at.
func TestOrphans(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	f.registrar(cf.Client{ID: "registrar", Secret: "s3cr3t", Authorities: []string{"cloud_controller.admin"}}).run(0, "register")
	auditor := cf.Client{ID: "auditor", Secret: "s3cr3t", Authorities: []string{"cloud_controller.admin_read_only"}}
	f.cf.AddClient(auditor)
	records, err := record.NewStore(kube, f.settings["BROKER_NAMESPACE"])
	f.must(err)
	recorded := func(id string, started time.Time) {
		t.Helper()
		i := record.Instance{ID: id, ServiceID: "s", PlanID: "p", Namespace: "ns-" + id, Release: "k"}
		i.Operation = record.Operation{ID: uuid.NewString(), Type: record.Create, State: record.Succeeded, Started: started}
		_, err := records.CreateInstance(t.Context(), i)
		f.must(err)
	}
	plan, old := f.cf.ServicePlans()[0].GUID, time.Now().Add(-time.Hour)
	recorded(f.cf.AddServiceInstance(plan), old)
	young := uuid.NewString()
	recorded(young, time.Now())
	f.contains(f.orphans(auditor, 0), "no orphans")

	inCF, onRecord := f.cf.AddServiceInstance(plan), uuid.NewString()
	recorded(onRecord, old)
	found := f.orphans(auditor, 1)
	f.contains(found, "service instance  "+inCF, "/v3/service_instances/"+inCF+"?purge=true", "record            "+onRecord,
		f.broker.URL()+"/v2/service_instances/"+onRecord+"?accepts_incomplete=true&plan_id=p&service_id=s", "orphans found: 2; couldn't be looked at: 0")
	if strings.Contains(found, young) {
		t.Errorf("what is young is no orphan:\n%s", found)
	}
	f.contains(f.orphans(auditor, 1, "--json"), `"kind": "record"`, `"unknown": []`)

	// A client that sees only some spaces would make orphans of all records.
	blind := f.orphans(f.cf.Client(), 1)
	f.contains(blind, "unknown", "cloud_controller.admin_read_only", "orphans found: 0; couldn't be looked at: 1")
}
