package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

func showInstance(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	d, err := inspector.Show(ctx, a.id, a.secrets)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(stdout, d)
	}
	s := &sheet{table: tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)}
	s.instance(d)
	s.operation(d.Operation)
	s.update(d.Update)
	s.cluster(d)
	for _, p := range d.OwnPolicies {
		s.row("own policy", "group "+describePolicy(p))
	}
	s.bindings("binding", d.Bindings)
	s.bindings("tombstone", d.Tombstones)
	for _, damaged := range d.Damaged {
		s.row("damaged", "Secret "+damaged.Secret+" "+damaged.Reason)
	}
	for _, what := range d.Unread {
		s.row("not read", what)
	}
	return s.table.Flush()
}

// sheet prints one fact a row. An error shows when the table is flushed.
type sheet struct{ table *tabwriter.Writer }

// row prints nothing where nothing is known.
func (s *sheet) row(name, value string) {
	if value != "" {
		_, _ = fmt.Fprintf(s.table, "%s\t%s\n", name, oneLine(value))
	}
}

func (s *sheet) instance(d inspect.Details) {
	s.row("instance", d.ID)
	if d.Kibosh {
		s.row("", "made by Kibosh; it can only be deleted")
	}
	s.row("name", d.Names.Instance)
	s.row("service", named(d.Service, d.ServiceID))
	s.row("plan", named(d.Plan, d.PlanID))
	s.row("chart", named(d.Service+" "+d.Version, d.Digest))
	s.row("organization", named(d.Names.Organization, d.OrganizationGUID))
	s.row("space", named(d.Names.Space, d.SpaceGUID))
	s.row("policy group", named(d.PolicyGroup, d.PolicyDestination))
	if len(d.FormerGroups) > 0 {
		s.row("", "its placeholder app was deleted and made again; pods from before may be in "+strings.Join(d.FormerGroups, ", ")+" until they are started anew")
	}
	if d.KeepData {
		s.row("volumes", "outlive the instance, as its plan says")
	}
	s.parameters("", d.Parameters)
}

func (s *sheet) operation(o inspect.Operation) {
	s.row("operation", fmt.Sprintf("%s: %s, attempt %d", o.Type, o.State, o.Attempt))
	s.row("  id", o.ID)
	s.row("  says", o.Description)
	s.row("  held up by", o.HeldUp)
	s.row("  taken up by", strings.Join(o.Holders, ", then by "))
	s.row("  asked for", moment(o.Started))
	s.row("  begun", moment(o.Begun))
	s.request(o.Request)
}

func (s *sheet) request(r inspect.Request) {
	s.row("  correlation id", r.CorrelationID)
	s.row("  request identity", r.RequestIdentity)
	s.row("  asked by", named(r.Platform, r.User))
}

func (s *sheet) update(u *inspect.Update) {
	if u == nil {
		return
	}
	s.row("update to", fmt.Sprintf("plan %s, chart %s", u.Plan, named(u.Service+" "+u.Version, u.Digest)))
	s.parameters("  ", u.Parameters)
}

func (s *sheet) cluster(d inspect.Details) {
	s.row("namespace", named(d.Namespace, d.NamespacePhase))
	if d.Cluster != "" {
		s.row("release", d.ReleaseName)
		s.row("cluster", d.Cluster+", the plan's own: its pods and its release are there, and aren't shown here")
		return
	}
	s.release(d)
	for _, p := range d.Pods {
		ready := "ready"
		if !p.Ready {
			ready = "not ready: " + cmp.Or(p.Reason, "Kubernetes doesn't say why")
		}
		s.row("pod", fmt.Sprintf("%s at %s, %s, %s", p.Name, cmp.Or(p.IP, "no address yet"), p.Phase, ready))
	}
}

func (s *sheet) release(d inspect.Details) {
	if d.Release == nil {
		s.row("release", d.ReleaseName+": none seen")
		return
	}
	s.row("release", fmt.Sprintf("%s: %s, revision %d of chart version %s, %s",
		d.ReleaseName, d.Release.Status, d.Release.Revision, d.Release.Version, moment(d.Release.Updated)))
}

func named(name, id string) string {
	if name == "" || id == "" {
		return name + id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(time.RFC3339), ago(t))
}
