package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/broker/check/probe"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
)

const checkUsage = `Look whether everything fits that the broker needs, before and after it is installed.

Usage:
  broker check [--network [--image IMAGE]] [--json]
  broker check --manifest manifest.yml [--vars-file vars.yml]… [--json]

It reads the running broker's settings, all of them, and uses its rights: run it where
the broker runs, for example by kubectl -n cf-helm-broker exec deploy/cf-helm-broker --
/broker check. It changes nothing, but for --network. What it can't look at it calls unknown.

  --network    have two pods, in namespaces as instances have, try whether packets pass before,
               while and after a policy lets them, on the networks that ENFORCE names; then
               remove them. That takes about half a minute
  --image      what these pods run: this broker's image, as the cluster's nodes can pull it.
               Needed where this isn't the broker's pod, which has it
  --json       for programs: a line for each finding; nothing in it is secret
  --manifest   before cf push: whether the broker would start with that manifest's settings
               and charts. It asks neither Kubernetes nor Cloud Foundry, and prints no
               variable's value
  --vars-file  the manifest's variables, as for cf push; may be given several times

Exit status: 0 nothing failed, 1 something did, 2 wrong usage or settings.
`

// errUnfit says that something failed; what, was printed.
var errUnfit = errors.New("something that the broker needs isn't as it has to be")

// checkCommand runs `broker check` and returns the exit status.
func checkCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return exitStatus(runCheck(ctx, args, stdout), checkUsage, stdout, stderr)
}

func runCheck(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) > 0 && args[0] == probe.Command {
		return probe.Run(ctx, args[1:])
	}
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	manifest := flags.String("manifest", "", "")
	network, image := flags.Bool("network", false, ""), flags.String("image", "", "")
	var varsFiles []string
	flags.Func("vars-file", "", func(file string) error { varsFiles = append(varsFiles, file); return nil })
	if err := flagsAlone(flags, args); err != nil {
		return err
	}
	report := checkReport{out: stdout, json: *asJSON, counts: map[check.State]int{}}
	if *image != "" && !*network || *network && *manifest != "" {
		return usageError("check: --image goes with --network, and neither with --manifest")
	}
	if *manifest != "" {
		return checkPush(ctx, *manifest, varsFiles, report)
	}
	if len(varsFiles) > 0 {
		return usageError("check: --vars-file goes with --manifest")
	}
	s, err := readSettings()
	if err != nil {
		return fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	looks, err := s.looks()
	if err != nil {
		return err
	}
	if !*network {
		if len(s.Enforce) > 0 {
			looks = append(looks, check.NotTried())
		}
		check.All(ctx, looks, report.tell)
		return report.end()
	}
	tried, err := s.checkedNetwork(ctx, *image)
	if err != nil {
		return err
	}
	check.All(ctx, looks, report.tell)
	tried.Try(ctx, report.tell)
	return errors.Join(report.end(), context.Cause(ctx))
}

// looks are those that the settings make sense of.
func (s settings) looks() ([]check.Look, error) {
	cluster, err := s.checkedCluster()
	if err != nil {
		return nil, err
	}
	looks := cluster.Looks()
	if s.CFAPIAddress != "" {
		looks = append(looks, s.checkedFoundation().Looks()...)
	}
	if vault := newCredHub(s); vault != nil {
		looks = append(looks, check.CredHub(vault)...)
	}
	if len(s.NATSServers) > 0 {
		looks = append(looks, check.Names(s.NATSServers, func(ctx context.Context) error { return publish.Try(ctx, s.nats()) }))
	}
	return append(looks, check.Charts(func(ctx context.Context) (chart.Catalog, error) { return chartsOf(ctx, s) })), nil
}

func (s settings) checkedCluster() (check.Cluster, error) {
	config, _, err := kubernetesConfig(s)
	if err != nil {
		return check.Cluster{}, fmt.Errorf("%w: %w", errSettings, err)
	}
	config.Timeout = answerLimit
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return check.Cluster{}, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	roles, err := rolesFor(s)
	return check.Cluster{
		Config: config, Clients: clients, Namespace: s.BrokerNamespace, Prefix: s.NamespacePrefix, Roles: roles, Agents: s.BindWaitsForNodes > 0,
	}, err
}

func (s settings) checkedFoundation() check.Foundation {
	return check.Foundation{
		Client:     c2c.New(c2c.Settings{Settings: s.cfAPI(), Org: s.CFOrg, Space: s.CFSpace}, func(string, error) {}),
		Needs:      s.authorities(),
		Policies:   s.on(policy.C2C),
		Space:      s.placeholders(),
		BrokerName: s.BrokerName, BrokerURL: s.BrokerURL,
	}
}

// authorities are those that docs/deploy.md has the UAA client be given.
func (s settings) authorities() (needs []check.Need) {
	const admin = "cloud_controller.admin"
	if s.on(policy.C2C) {
		needs = append(needs, check.Need{For: "container-to-container policies", AnyOf: []string{"network.admin"}})
	}
	if s.placeholders() {
		needs = append(needs, check.Need{For: "placeholder apps", AnyOf: []string{admin, "cloud_controller.write"}})
	}
	if s.on(policy.SecurityGroup) {
		needs = append(needs, check.Need{For: "security groups", AnyOf: []string{admin}})
	}
	if s.BrokerURL != "" {
		needs = append(needs, check.Need{For: "broker register", AnyOf: []string{admin}})
	}
	return needs
}
