package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// FuzzRead reads any list of chart sources. One that is accepted names one
// place in each entry.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"- path: charts\n- path: /opt/redis-1.2.3.tgz\n  digest: " + someDigest + "\n  beside: redis-offer\n",
		"- &registry\n  oci: oci://registry.example.com:5000/charts/redis\n  version: 1.2.3+build\n  username: 007\n  password_file: /run/secrets/x\n  plain_http: true\n- <<: *registry\n  version: 1.3.0\n",
		"- repository: https://charts.example.com/stable/\n  chart: redis\n  version: v1.2.3-rc.1\n",
		"- password: x\n", "- {path: a, oci: b}\n", "[]", "", "a: b", "- 7", "- &a [*a]\n", "- {<<: [7]}\n", "- oci: oci://user:x@example.com/a:latest\n  version: '*'\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "list.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		sources, err := source.Read(file)
		if err == nil && len(sources) == 0 {
			t.Error("a list of nothing is accepted")
		}
		for _, s := range sources {
			places := 0
			for _, place := range []string{s.Path, s.OCI, s.Repository} {
				if place != "" {
					places++
				}
			}
			if places != 1 || s.String() == "" {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}
