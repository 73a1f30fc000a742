package main

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/enforcer"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/kubelet"
)

// packets fails, and says so loudly, where no packets can be sent between nodes in
// network namespaces.
func packets(_ context.Context, out printer) error {
	missing := silk.Missing()
	if missing == nil {
		if missing := kubelet.Missing(); missing != nil {
			out.line("*** NO REAL KUBELET IS STARTED: %v. That test of test/packets is left out. ***", missing)
		}
		if missing := enforcer.Missing(); missing != nil {
			out.line("*** NO NETWORKPOLICY IS ENFORCED: %v. That test of test/packets is left out. ***", missing)
		}
		return nil
	}
	out.line("*** NO PACKET IS SENT on this machine, and nothing here has shown that any is let through or denied. The tests ***")
	out.line("*** of test/silk and test/packets, and TestDemoWithPackets of test/local, are left out: %v ***", missing)
	return fmt.Errorf("there can be no overlay here: %w", missing)
}
