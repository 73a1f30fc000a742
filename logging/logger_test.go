package logging

import (
	"bytes"
	"strings"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/klog/v2"
)

// TestNew: what client-go says is in the log, but not what it says of requests and
// answers, also where it has added names to its lines.
func TestNew(t *testing.T) {
	var out bytes.Buffer
	log := New("program", "debug", &out)
	log.Debug("own", lager.Data{"key": "value"})
	client := klog.Background()
	for name, logger := range map[string]klog.Logger{"plain": client, "named": client.WithName("n"), "valued": client.WithValues("k", "v")} {
		logger.Info("said-" + name)
		for _, verbose := range []int{1, 8} {
			logger.V(verbose).Info("secret-" + name)
		}
	}
	klog.Flush()
	for _, words := range []string{"program.own", `"key":"value"`, "program.kubernetes-client", "said-plain", "said-named", "said-valued"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("no %s in\n%s", words, out.String())
		}
	}
	if strings.Contains(out.String(), "secret") {
		t.Errorf("a verbose level is in\n%s", out.String())
	}
}
