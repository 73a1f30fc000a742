package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

// agentSettings are the agent's flags. Each has an environment variable, which
// counts where there is no flag.
type agentSettings struct {
	Node       string
	Kubeconfig string
	Socket     string
	Listen     string
	LogLevel   string
	PollURL    string
}

// setting adds a flag whose default is an environment variable's value.
func setting(flags *flag.FlagSet, into *string, name, otherwise, help string) {
	variable := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if name == "node" {
		variable = "NODE_NAME"
	}
	value, set := os.LookupEnv(variable)
	if !set {
		value = otherwise
	}
	flags.StringVar(into, name, value, help+" ($"+variable+")")
}

func readAgentSettings(args []string, stderr io.Writer) (agentSettings, error) {
	var s agentSettings
	flags := flag.NewFlagSet("c2c-cni agent", flag.ContinueOnError)
	flags.SetOutput(stderr)
	setting(flags, &s.Node, "node", "", "the node's `name` in Kubernetes")
	setting(flags, &s.Kubeconfig, "kubeconfig", "", "`file` that says how to reach Kubernetes; empty: as a pod of the cluster")
	setting(flags, &s.Socket, "socket", socket.DefaultPath, "`path` of the socket that plugins ask at")
	setting(flags, &s.Listen, "listen", "127.0.0.1:8723", "`address` of /healthz, /readyz and /metrics; empty: none")
	setting(flags, &s.LogLevel, "log-level", "info", "debug, info, error or fatal")
	setting(flags, &s.PollURL, "poll-url", "http://127.0.0.1:8722/force-policy-poll-cycle", "`URL` by which the node's policy agent polls at once; empty: it isn't asked to")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return s, s.check()
}

func (s agentSettings) check() error {
	var wrong []error
	if s.Node == "" {
		wrong = append(wrong, errors.New("the node's name is needed: --node or NODE_NAME"))
	}
	if _, err := lager.LogLevelFromString(s.LogLevel); err != nil {
		wrong = append(wrong, fmt.Errorf("--log-level: %w", err))
	}
	return errors.Join(wrong...)
}
