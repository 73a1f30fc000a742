package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

const instancesUsage = `Look at service instances and put them right, beside a running broker.

Usage:
  broker instances list [--service NAME] [--state STATE] [--json]
  broker instances list --gone [--service NAME] [--json]
      one line an instance, those first that failed or that something runs on
  broker instances show ID [--secrets] [--json]
      everything about one instance: its record, its bindings, its release and pods
  broker instances retry ID
      have a create or delete that failed begin again; the broker carries it through
  broker instances forget ID --yes
      remove the broker's records of an instance, and nothing else: the last
      resort, when its cluster is gone for good. Without --yes it only tells
      what would be left behind
  broker instances upgrade [--service NAME] [--plan NAME] [--org ORG] [--canaries N]
                           [--max-in-flight N] [--except ID] [--held] [--url URL]
                           [--dry-run] [--json]
      bring instances to the version of their chart that the running broker offers:
      N canaries first, then the others; after the first that fails none is begun.
      Run it again to go on with what is left
  broker instances none
      fail while there is any: the chart asks so before it is uninstalled

  ID              the instance's GUID, as cf service NAME --guid prints it
  --service NAME  only those made from the chart of that name
  --plan NAME, --org ORG
                  only those of the plan; of the organization, by its name or GUID
  --canaries N    how many of each service are upgraded before all others, of as many plans
                  as possible; default: 1
  --max-in-flight N
                  how many are upgraded at once; default: 5
  --except ID     leave that one as it is; may be given several times
  --held          those as well whose plan holds upgrades back (upgrade: hold in plans.yaml)
  --url URL       the running broker; default: on this host, at PORT
  --dry-run       say what would be done, and change nothing
  --state STATE   only those whose last operation is "in progress", "succeeded" or "failed"
  --secrets       with the parameters' values and the credentials
  --json          for programs; nothing in it is secret unless --secrets is given

It reads the settings SERVER, TOKEN and CA_DATA, or KUBECONFIG, or else uses the
pod's own service account; and BROKER_NAMESPACE. upgrade also needs the running
broker's login, SECURITY_USER_NAME and SECURITY_USER_PASSWORD or CREDENTIALS_FILE.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or settings.
`

// answerLimit ends each request to a cluster that doesn't answer.
const answerLimit = 20 * time.Second

// instancesCommand runs `broker instances …` and returns the exit status.
func instancesCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, instancesUsage)
		return 2
	}
	return exitStatus(runInstances(ctx, args[0], args[1:], stdout), instancesUsage, stdout, stderr)
}

func runInstances(ctx context.Context, subcommand string, args []string, stdout io.Writer) error {
	var run func(context.Context, *inspect.Inspector, instancesArguments, io.Writer) error
	switch subcommand {
	case "--help", "-h", "help":
		return flag.ErrHelp
	case "list":
		run = listInstances
	case "show":
		run = showInstance
	case "retry":
		run = retryInstance
	case "forget":
		run = forgetInstance
	case "none":
		run = noInstances
	case "upgrade":
		run = upgradeInstances
	default:
		return usageError("instances knows list, show, retry, forget, upgrade and none, not %q", subcommand)
	}
	a, err := parseInstances(subcommand, args)
	if err != nil {
		return err
	}
	inspector, err := newInspector()
	if err != nil {
		return err
	}
	if err := run(ctx, inspector, a, stdout); err != nil {
		return fmt.Errorf("instances %s: %w", subcommand, err)
	}
	return nil
}

func newInspector() (*inspect.Inspector, error) {
	k, err := readKubernetesSettings()
	if err != nil {
		return nil, fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	config, _, err := kubernetesConfig(settings{KubernetesSettings: k})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, err)
	}
	config.Timeout = answerLimit
	return inspect.New(config, k.BrokerNamespace)
}
