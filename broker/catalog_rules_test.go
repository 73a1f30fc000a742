package broker

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// catalogSent is the catalog as platforms read it.
type catalogSent struct{ Services []serviceSent }

type serviceSent struct {
	ID, Name, Description string
	Tags                  []string
	Metadata              map[string]any
	Plans                 []planSent
}

type planSent struct {
	ID, Name, Description  string
	Metadata               map[string]any
	MaximumPollingDuration int64             `json:"maximum_polling_duration"`
	MaintenanceInfo        map[string]string `json:"maintenance_info"`
	Schemas                map[string]map[string]struct{ Parameters map[string]any }
}

var semanticVersion = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// refusals are the reasons for which the cloud controller would refuse the
// catalog (cloud_controller_ng, lib/services/service_brokers/v2, and its
// database's columns).
func (c catalogSent) refusals() []string {
	var all []string
	refuse := func(bad bool, format string, arguments ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, arguments...))
		}
	}
	seen := map[string]bool{}
	texts := func(id, name, description string, metadata map[string]any) {
		for _, unique := range []string{id, name} {
			refuse(strings.TrimSpace(unique) != unique || unique == "" || utf8.RuneCountInString(unique) > 255, "the id or name %.40q", unique)
		}
		refuse(seen[id], "%s is there twice", id)
		seen[id] = true
		refuse(strings.TrimSpace(description) == "" || utf8.RuneCountInString(description) > 10000, "%.40q: the description", name)
		text, _ := json.Marshal([]any{metadata, description})
		refuse(len(text) > 65535 || strings.Contains(string(text), `\u0000`), "%.40q: metadata of %d bytes", name, len(text))
	}
	for _, s := range c.Services {
		texts(s.ID, s.Name, s.Description, s.Metadata)
		refuse(utf8.RuneCountInString(strings.Join(s.Tags, "")) > 2048, "%s: tags", s.Name)
		refuse(len(s.Plans) == 0, "%s: no plan", s.Name)
		for _, p := range s.Plans {
			texts(p.ID, p.Name, p.Description, p.Metadata)
			text, _ := json.Marshal(p.MaintenanceInfo)
			refuse(len(text) > 2000 || !semanticVersion.MatchString(p.MaintenanceInfo["version"]), "%s: maintenance_info", s.Name)
			refuse(int64(int32(p.MaximumPollingDuration)) != p.MaximumPollingDuration, "%s: maximum_polling_duration", s.Name)
			for _, of := range p.Schemas {
				for _, schema := range of {
					why := refusedSchema(schema.Parameters)
					refuse(why != "", "%s: %s", s.Name, why)
				}
			}
		}
	}
	return all
}

func refusedSchema(schema map[string]any) string {
	text, _ := json.Marshal(schema)
	switch {
	case schema == nil:
		return ""
	case len(text) > 65536:
		return "a schema that is too long"
	case schema["type"] != "object" || schema["$schema"] != "http://json-schema.org/draft-04/schema#":
		return "a schema of another type or draft"
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	if err := compiler.AddResource("mem:///s", schema); err != nil {
		return err.Error()
	}
	if _, err := compiler.Compile("mem:///s"); err != nil {
		return err.Error()
	}
	return ""
}
