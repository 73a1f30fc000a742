package plugin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Name is the plugin's, in configurations and in the folder of programs.
const Name = podgroup.Agent

// config is the plugin's entry in a network configuration.
type config struct {
	CNIVersion string `json:"cniVersion"`
	Name       string `json:"name"`
	// Socket is where the node's agent listens.
	Socket string `json:"socket"`
	// Delegate is the configuration of the plugin that does the work.
	Delegate map[string]json.RawMessage `json:"delegate"`
	// DefaultGroup is of pods whose namespace names none; "": these have none.
	DefaultGroup string `json:"default_group"`
	// Timeout is how long a delegate may take, as Go writes durations.
	Timeout string `json:"timeout"`
	// GiveUpAfter is how long a network that can't be taken down keeps its pod from
	// ending, as Go writes durations.
	GiveUpAfter string `json:"give_up_after"`
	// StateDir is the folder of what was begun; "": beside the socket.
	StateDir string `json:"state_dir"`

	// What the runtime adds, for whoever does the work.
	RuntimeConfig json.RawMessage      `json:"runtimeConfig"`
	PrevResult    json.RawMessage      `json:"prevResult"`
	Valid         []types.GCAttachment `json:"cni.dev/valid-attachments"`

	delegate string // its type
	version  string // of the specification that it is called by
	patience time.Duration
	giveUp   time.Duration
	broken   error // what is wrong with it, where it is used all the same
}

const (
	defaultTimeout = 30 * time.Second
	defaultGiveUp  = 10 * time.Minute
	// mostTimeout is below the time after which kubelets give a pod's start up.
	mostTimeout = 90 * time.Second
)

// readConfig reads the plugin's configuration, and says what is wrong with it.
func readConfig(text []byte) (config, error) {
	c := config{Socket: socket.DefaultPath, patience: defaultTimeout, giveUp: defaultGiveUp}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, wrong("it can't be read: %v", err)
	}
	c.StateDir = stateDir(c.StateDir, c.Socket)
	err := c.check()
	return c, err
}

// readForDel reads what a network is taken down by: that a pod can't end for good, since
// its configuration was changed into a wrong one, helps nobody.
func readForDel(text []byte) (config, error) {
	c, err := readConfig(text)
	if c.StateDir == "" {
		return c, err // it can't be told what there was
	}
	c.broken = err
	return c, nil
}

// check takes over what is right, and says what isn't.
func (c *config) check() error {
	if c.Timeout != "" {
		patience, err := time.ParseDuration(c.Timeout)
		if err != nil || patience <= 0 || patience > mostTimeout {
			return wrong("timeout is %.40q, and has to be a duration of at most %s, such as 30s", c.Timeout, mostTimeout)
		}
		c.patience = patience
	}
	if c.GiveUpAfter != "" {
		giveUp, err := time.ParseDuration(c.GiveUpAfter)
		if err != nil || giveUp <= 0 {
			return wrong("give_up_after is %.40q, and has to be a duration above 0, such as 10m", c.GiveUpAfter)
		}
		c.giveUp = giveUp
	}
	if c.DefaultGroup != "" && !podgroup.IsGroup(c.DefaultGroup) {
		return wrong("default_group is %.60q, and has to be a UUID or empty", c.DefaultGroup)
	}
	if json.Unmarshal(c.Delegate["type"], &c.delegate) != nil || c.delegate == "" {
		return wrong(`delegate has no type: it names the plugin that does the work, such as {"type": "cni-wrapper-plugin", …}`)
	}
	if c.delegate == Name {
		return wrong("delegate is the plugin itself")
	}
	var err error
	if c.version, err = (&version.ConfigDecoder{}).Decode(mustJSON(c.withDefaults())); err != nil {
		return wrong("delegate: %v", err)
	}
	return nil
}

func wrong(format string, args ...any) error {
	return types.NewError(types.ErrInvalidNetworkConfig, "the configuration of "+Name+": "+fmt.Sprintf(format, args...), "")
}

func (c config) store() attachment.Store { return attachment.Store{Folder: c.StateDir} }

func (c config) agent() socket.Client { return socket.Client{Path: c.Socket} }
