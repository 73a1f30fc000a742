package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
	"github.com/cf-helm-broker/cf-helm-broker/cni/install"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodefacts"
	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

// settings are the flags of the agent, and of check. Each has an environment
// variable, which counts where there is no flag.
type settings struct {
	Node       string
	Kubeconfig string
	Socket     string
	Listen     string
	LogLevel   string
	PollURL    string

	Guard         string
	GuardInterval string
	Overlay       string
	SilkChains    string
	Interfaces    string
	RulesCommands string
	NFTCommand    string
	ProxyURL      string
	DaemonURL     string
	ProxyFile     string
	KubeletFile   string
	Proc          string
	ConfDir       string
	ConfName      string

	BinDir    string
	ConfFile  string
	NodeIP    string
	uninstall bool
	stay      bool

	names namesSettings

	nodeNetworks func() []string // nil: nobody asks for them

	interval time.Duration
}

// What becomes of what the guard finds.
const (
	guardRefuses = "refuse" // pods aren't started
	guardReports = "report" // it is told of only
	guardOff     = "off"    // nobody looks
)

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

func readSettings(command string, args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("c2c-cni "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	setting(flags, &s.Node, "node", "", "the node's `name` in Kubernetes")
	setting(flags, &s.Kubeconfig, "kubeconfig", "", "`file` that says how to reach Kubernetes; empty: as a pod of the cluster")
	setting(flags, &s.Socket, "socket", socket.DefaultPath, "`path` of the socket that plugins ask at")
	setting(flags, &s.Listen, "listen", "127.0.0.1:8723", "`address` of /healthz, /readyz and /metrics; empty: none")
	setting(flags, &s.LogLevel, "log-level", "info", "debug, info, error or fatal")
	setting(flags, &s.PollURL, "poll-url", "http://127.0.0.1:8722/force-policy-poll-cycle", "`URL` by which the node's policy agent polls at once; empty: it isn't asked to")
	guardFlags(flags, &s)
	installFlags(flags, &s)
	namesFlags(flags, &s.names)
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	interval, err := time.ParseDuration(s.GuardInterval)
	s.interval = interval
	return s, errors.Join(err, s.check(), s.names.check())
}

func guardFlags(flags *flag.FlagSet, s *settings) {
	setting(flags, &s.Guard, "guard", guardRefuses, "what becomes of what isn't safe on the node: refuse (pods aren't started), report, off")
	setting(flags, &s.GuardInterval, "guard-interval", "15s", "time between looks at the node")
	setting(flags, &s.Overlay, "overlay", "", "the overlay's `network`, such as 10.255.0.0/16, which kube-proxy's clusterCIDR is held against; empty: it isn't")
	setting(flags, &s.SilkChains, "silk-chains", strings.Join(guard.SilkChains(), ","), "`beginnings` of the names of Silk's own chains")
	setting(flags, &s.Interfaces, "silk-interfaces", strings.Join(guard.SilkInterfaces(), ","), "`beginnings` of the names of the overlay's interfaces")
	setting(flags, &s.RulesCommands, "iptables-save", "iptables-nft-save,iptables-legacy-save,iptables-save", "`commands` that print iptables' rules, of which one at least has to be installed; empty: rules aren't looked at")
	setting(flags, &s.NFTCommand, "nft", "nft", "`command` that lists nftables' tables, where it is installed; empty: they aren't looked at")
	setting(flags, &s.ProxyURL, "kube-proxy-url", "http://127.0.0.1:10249", "`URL` of kube-proxy's metrics, where it shows its settings")
	setting(flags, &s.DaemonURL, "silk-daemon-url", "http://127.0.0.1:23954", "`URL` of silk-daemon, which tells the node's lease; empty: it isn't asked")
	setting(flags, &s.ProxyFile, "kube-proxy-config", "", "kube-proxy's configuration `file`")
	setting(flags, &s.KubeletFile, "kubelet-config", "", "the kubelet's configuration `file`")
	setting(flags, &s.Proc, "proc", "/proc", "`folder` of the node's processes; empty: they aren't looked at")
}

func installFlags(flags *flag.FlagSet, s *settings) {
	setting(flags, &s.ConfDir, "cni-conf-dir", "", "`folder` of network configurations; empty: it isn't looked at, and nothing is installed there")
	setting(flags, &s.ConfName, "cni-conf-name", "00-c2c-cni.conflist", "the plugin's `file` in it")
	setting(flags, &s.BinDir, "cni-bin-dir", "", "`folder` of plugins that this program is installed into; empty: it isn't")
	setting(flags, &s.ConfFile, "cni-config", "", "network configuration that is installed, a `file`, in which $NODE_IP and $NODE_NAME stand for the node's; empty: none is")
	setting(flags, &s.NodeIP, "node-ip", "", "the node's `address`, for the network configuration")
	flags.BoolVar(&s.uninstall, "uninstall", os.Getenv("UNINSTALL") == "true", "take away what was installed, and end; drain the node before ($UNINSTALL)")
	flags.BoolVar(&s.stay, "stay", os.Getenv("STAY") == "true", "with --uninstall: wait to be ended afterwards, as in a DaemonSet ($STAY)")
}

// place is what is installed where.
func (s settings) place(program string) install.Place {
	return install.Place{
		Program: program, BinDir: s.BinDir, Name: plugin.Name, Template: s.ConfFile, ConfDir: s.ConfDir, ConfName: s.ConfName,
		Values: map[string]string{"NODE_IP": s.NodeIP, "NODE_NAME": s.Node},
	}
}

// sources are where the guard looks.
func (s settings) sources() nodefacts.Sources {
	return nodefacts.Sources{
		Commands: list(s.RulesCommands), NFTables: strings.TrimSpace(s.NFTCommand), ProxyURL: s.ProxyURL, ProxyFile: s.ProxyFile, KubeletFile: s.KubeletFile,
		Proc: s.Proc, Configurations: s.ConfDir, Networks: s.stateDir(), Expect: s.expect(),
		NodeNetworks: s.nodeNetworks, DaemonURL: s.DaemonURL,
	}
}

// stateDir is the plugin's folder of records, by the configuration that is installed or
// will be; "": there is none.
func (s settings) stateDir() string {
	for _, file := range []string{filepath.Join(s.ConfDir, s.ConfName), s.ConfFile} {
		if text, err := os.ReadFile(file); err == nil {
			return plugin.StateDir(text)
		}
	}
	return ""
}

func (s settings) expect() guard.Expect {
	return guard.Expect{Overlay: s.Overlay, SilkChains: list(s.SilkChains), Interfaces: list(s.Interfaces), Own: s.ConfName}
}

// problems are what the guard finds on the node now.
func (s settings) problems(ctx context.Context) []string {
	return guard.Judge(s.sources().Read(ctx), s.expect())
}

// list splits at commas, and leaves out what is blank.
func list(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func (s settings) check() error {
	var wrong []error
	if _, err := lager.LogLevelFromString(s.LogLevel); err != nil {
		wrong = append(wrong, fmt.Errorf("--log-level: %w", err))
	}
	if !slices.Contains([]string{guardRefuses, guardReports, guardOff}, s.Guard) {
		wrong = append(wrong, fmt.Errorf("--guard is %q, and has to be refuse, report or off", s.Guard))
	}
	if s.interval <= 0 {
		wrong = append(wrong, errors.New("--guard-interval has to be above 0"))
	}
	if _, err := netip.ParsePrefix(s.Overlay); err != nil && s.Overlay != "" {
		wrong = append(wrong, fmt.Errorf("--overlay has to be a network such as 10.255.0.0/16: %w", err))
	}
	return errors.Join(wrong...)
}
