package plugin

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/types/create"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// silkVersion is the newest version of the specification that Silk's plugins know.
const silkVersion = "1.0.0"

// withDefaults is the delegate's configuration with the network's name and
// version, where it names none of its own. A runtime may speak a newer version
// with this plugin than the delegate knows: one that knows more has to say so.
func (c config) withDefaults() map[string]json.RawMessage {
	all := maps.Clone(c.Delegate)
	for key, value := range map[string]string{"name": c.Name, "cniVersion": min(c.CNIVersion, silkVersion)} {
		if _, named := all[key]; !named {
			all[key] = mustJSON(value)
		}
	}
	return all
}

// forDelegate is the delegate's configuration for a call: its own, what the
// runtime has added, and metadata, which other keys of its metadata stay beside.
func (c config) forDelegate(metadata map[string]string) ([]byte, error) {
	all := c.withDefaults()
	if len(c.RuntimeConfig) > 0 {
		all["runtimeConfig"] = c.RuntimeConfig
	}
	if c.Valid != nil {
		all["cni.dev/valid-attachments"] = mustJSON(c.Valid)
	}
	if len(c.PrevResult) > 0 && string(c.PrevResult) != "null" {
		previous, err := c.previous()
		if err != nil {
			return nil, err
		}
		all["prevResult"] = previous
	}
	if metadata != nil {
		merged := map[string]any{}
		if has := all["metadata"]; has != nil {
			if err := json.Unmarshal(has, &merged); err != nil {
				return nil, wrong("delegate: metadata: %v", err)
			}
			if merged == nil { // it is null
				merged = map[string]any{}
			}
		}
		for key, value := range metadata {
			merged[key] = value
		}
		all["metadata"] = mustJSON(merged)
	}
	return json.Marshal(all)
}

// previous is the result of earlier plugins as the delegate's version has it.
func (c config) previous() (json.RawMessage, error) {
	result, err := create.CreateFromBytes(c.PrevResult)
	if err == nil {
		result, err = result.GetAsVersion(c.version)
	}
	if err != nil {
		return nil, types.NewError(types.ErrDecodingFailure, fmt.Sprintf("the result of earlier plugins (prevResult) can't be read: %v", err), "")
	}
	return json.Marshal(result)
}

// metadata is what Silk's plugins want to know of a container
// (cni-wrapper-plugin and vxlan-policy-agent, silk-release v3.53.0).
func metadata(container string, member podgroup.Membership) map[string]string {
	all := map[string]string{"app_id": container, "container_workload": "app"}
	if member.Group != "" {
		all["policy_group_id"] = member.Group
	}
	if member.Space != "" {
		all["space_id"] = member.Space
	}
	return all
}

// mustJSON encodes what can't fail to be.
func mustJSON(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
