package check

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/credhub"
)

// CredHub are the looks at where bindings' credentials are kept.
func CredHub(client *credhub.Client) []Look {
	authorities := func(ctx context.Context) []Finding {
		have, err := client.API().Authorities(ctx)
		if err != nil {
			return one(failed("%v", err))
		}
		return judgeAuthorities(have, []Need{
			{For: "CredHub", AnyOf: []string{"credhub.read"}}, {For: "CredHub", AnyOf: []string{"credhub.write"}},
		}, "CH_UAA_CLIENT_NAME")
	}
	answers := func(ctx context.Context) []Finding {
		kept, err := client.Count(ctx)
		if err != nil {
			return one(failed("%v", err))
		}
		return one(ok("it answers, and lists %s of this broker's name", count(kept, "credential", "credentials")))
	}
	return []Look{{"UAA of CredHub", authorities}, {"CredHub", answers}}
}
