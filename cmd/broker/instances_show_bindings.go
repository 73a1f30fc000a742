package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

func (s *sheet) bindings(kind string, bindings []inspect.Binding) {
	for _, b := range bindings {
		whose := "service key"
		if b.App != "" {
			whose = "app " + b.App
		}
		s.row(kind, fmt.Sprintf("%s: %s, %s", b.ID, b.State, whose))
		s.row("  says", b.Description)
		if len(b.Stale) > 0 {
			s.row("  stale", "no pod has the address "+strings.Join(b.Stale, ", ")+" any more; "+whose+" has to be bound again")
		}
		for _, p := range b.Policies {
			s.row("  policy", "app "+describePolicy(p)+", on "+strings.Join(b.Networks, " and "))
		}
		s.row("  in CredHub", b.CredHub)
		s.request(b.Request)
		s.parameters("  ", b.Parameters)
		s.secret("  credentials", b.Credentials)
	}
}

// parameters prints the names of parameters, or the whole of them if they
// have been read.
func (s *sheet) parameters(indent string, p inspect.Parameters) {
	if len(p.Values) > 0 {
		s.secret(indent+"parameters", p.Values)
		return
	}
	if len(p.Keys) > 0 {
		s.row(indent+"parameters", strings.Join(p.Keys, ", ")+" (values: --secrets)")
	}
}

// secret prints JSON, blanks in its values included.
func (s *sheet) secret(name string, text json.RawMessage) {
	var compact bytes.Buffer
	if len(text) == 0 || json.Compact(&compact, text) != nil {
		return // the record was decoded from JSON: there is nothing else
	}
	_, _ = fmt.Fprintf(s.table, "%s\t%s\n", name, printable(compact.String()))
}

func describePolicy(p policy.Policy) string {
	ports := fmt.Sprint(p.Destination.Ports.Start)
	if p.Destination.Ports.End != p.Destination.Ports.Start {
		ports += fmt.Sprintf("-%d", p.Destination.Ports.End)
	}
	return fmt.Sprintf("%s to group %s, %s %s", p.Source.ID, p.Destination.ID, p.Destination.Protocol, ports)
}
