package plugin

import (
	"encoding/json"
	"path/filepath"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

// StateDir is the folder of records that a network configuration (a list) has the
// plugin keep; "": the plugin isn't first in it.
func StateDir(list []byte) string {
	var has struct {
		Plugins []struct {
			Type     string `json:"type"`
			Socket   string `json:"socket"`
			StateDir string `json:"state_dir"`
		} `json:"plugins"`
	}
	if json.Unmarshal(list, &has) != nil || len(has.Plugins) == 0 || has.Plugins[0].Type != Name {
		return ""
	}
	return stateDir(has.Plugins[0].StateDir, has.Plugins[0].Socket)
}

// stateDir is beside the socket, unless the configuration names one.
func stateDir(named, at string) string {
	if named != "" {
		return named
	}
	if at == "" {
		at = socket.DefaultPath
	}
	return filepath.Join(filepath.Dir(at), "attachments")
}
