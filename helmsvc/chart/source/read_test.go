package source_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestRead(t *testing.T) {
	folder := write(t, map[string]string{"list.yaml": `
- path: charts
- path: /opt/redis-1.2.3.tgz
  digest: ` + someDigest + `
  beside: redis-offer
- &registry
  oci: oci://registry.example.com:5000/charts/redis
  version: 1.2.3+build
  digest: ` + someDigest + `
  username: 007
  password_file: /run/secrets/x
  ca_file: ca.pem
  plain_http: true
  beside: redis-offer
- <<: *registry
  version: 1.3.0
- repository: https://charts.example.com/stable/
  chart: redis
  version: v1.2.3-rc.1
  username: robot
  password_file: secret
`})
	have, err := source.Read(filepath.Join(folder, "list.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	registry := source.Source{OCI: "oci://registry.example.com:5000/charts/redis", Version: "1.2.3+build", Digest: someDigest,
		Username: "007", PasswordFile: "/run/secrets/x", CAFile: in("ca.pem"), PlainHTTP: true, Beside: in("redis-offer")}
	newer := registry
	newer.Version = "1.3.0"
	for i, want := range []struct {
		source source.Source
		called string
	}{
		{source.Source{Path: in("charts")}, in("charts")},
		{source.Source{Path: "/opt/redis-1.2.3.tgz", Digest: someDigest, Beside: in("redis-offer")}, "/opt/redis-1.2.3.tgz"},
		{registry, "oci://registry.example.com:5000/charts/redis:1.2.3+build"},
		{newer, "oci://registry.example.com:5000/charts/redis:1.3.0"},
		{source.Source{Repository: "https://charts.example.com/stable", Chart: "redis", Version: "v1.2.3-rc.1", Username: "robot", PasswordFile: in("secret")},
			"https://charts.example.com/stable redis v1.2.3-rc.1"},
	} {
		if have[i] != want.source || have[i].String() != want.called {
			t.Errorf("entry %d is %+v, called %s", i+1, have[i], have[i])
		}
	}
}

func TestReadMistakes(t *testing.T) {
	const oci, repository = "- {oci: oci://r.example.com/c, version: 1.2.3, ", "- {repository: https://c.example.com, chart: c, version: 1.2.3, "
	for name, c := range map[string]struct{ text, want string }{
		"not YAML":              {"{", "a list of entries"},
		"no list":               {"path: charts", "a list of entries"},
		"empty":                 {"", "the list is empty"},
		"empty list":            {"[]", "the list is empty"},
		"no mapping":            {"- charts", "entry 1:"},
		"empty entry":           {"-", "entry 1: give one of path, oci and repository"},
		"nothing named":         {"- {beside: x}", "entry 1: give one of path, oci and repository"},
		"two kinds":             {"- {path: x}\n- {path: x, oci: oci://r.example.com/c, version: 1.2.3}", "entry 2: path and oci: give one of them only"},
		"unknown key":           {"- {path: x, pth: y}", `entry 1: unknown key "pth"; the keys are path, `},
		"key twice":             {"- {path: x, path: y}", "already defined"},
		"password":              {oci + "username: u, password: p}", "password: a password doesn't belong in the list"},
		"wrong type":            {"- {path: [x]}", "entry 1:"},
		"path version":          {"- {path: x, version: 1.2.3}", "version is for oci and repository only"},
		"path chart":            {"- {path: x, chart: c}", "chart is for repository only"},
		"path username":         {"- {path: x, username: u, password_file: p}", "username is for oci and repository only"},
		"path password_file":    {"- {path: x, username: u, password_file: p}", "password_file is for oci and repository only"},
		"path ca_file":          {"- {path: x, ca_file: y}", "ca_file is for oci and repository only"},
		"path plain_http":       {"- {path: x, plain_http: true}", "plain_http is for oci only"},
		"path folder digest":    {"- {path: x, digest: '" + someDigest + "'}", "digest is for one chart archive only"},
		"oci chart":             {oci + "chart: c}", "chart is for repository only"},
		"oci no scheme":         {"- {oci: r.example.com/c, version: 1.2.3}", "oci: \"r.example.com/c\" isn't an address such as"},
		"oci https":             {"- {oci: https://r.example.com/c, version: 1.2.3}", "isn't an address such as"},
		"oci no path":           {"- {oci: oci://r.example.com, version: 1.2.3}", "isn't an address such as"},
		"oci upper case":        {"- {oci: oci://r.example.com/Charts, version: 1.2.3}", "isn't an address such as"},
		"oci tag":               {"- {oci: 'oci://r.example.com/c:1.2.3', version: 1.2.3}", "remove it and give it as version"},
		"oci digest":            {"- {oci: 'oci://r.example.com/c@" + someDigest + "', version: 1.2.3}", "a digest to digest"},
		"oci login":             {"- {oci: 'oci://u:hush@r.example.com/c', version: 1.2.3}", "a user name goes to username"},
		"repository oci":        {"- {repository: oci://r.example.com/c, chart: c, version: 1.2.3}", "a chart in a registry is given as oci"},
		"repository no host":    {"- {repository: 'https://', chart: c, version: 1.2.3}", "an address such as https://charts.example.com"},
		"repository login":      {"- {repository: 'https://u:hush@c.example.com', chart: c, version: 1.2.3}", "no user name, ? or #"},
		"repository query":      {"- {repository: 'https://c.example.com?token=hush', chart: c, version: 1.2.3}", "no user name, ? or #"},
		"repository plain_http": {repository + "plain_http: true}", "plain_http is for oci only; remove it: a repository without TLS"},
		"no chart":              {"- {repository: https://c.example.com, version: 1.2.3}", `chart: "" isn't a chart's name`},
		"chart with folder":     {"- {repository: https://c.example.com, chart: stable/c, version: 1.2.3}", `chart: "stable/c" isn't`},
		"no version":            {"- {oci: oci://r.example.com/c}", `version: "" isn't an exact version`},
		"part of a version":     {"- {oci: oci://r.example.com/c, version: 1.20}", `version: "1.20" isn't an exact version`},
		"range":                 {"- {repository: https://c.example.com, chart: c, version: ^1.2.3}", `version: "^1.2.3" isn't an exact version`},
		"short digest":          {oci + "digest: 'sha256:0123'}", `digest: "sha256:0123" isn't sha256: and 64`},
		"other digest":          {oci + "digest: '" + strings.Replace(someDigest, "256", "512", 1) + "'}", "isn't sha256: and 64"},
		"no password_file":      {oci + "username: u}", "username needs a password_file"},
		"no username":           {repository + "password_file: p}", "password_file needs a username"},
		"colon in username":     {repository + "username: 'u:v', password_file: p}", "username: it must have no colon"},
	} {
		t.Run(name, func(t *testing.T) {
			list := file(t, c.text)
			sources, err := source.Read(list)
			if err == nil {
				t.Fatalf("read %+v", sources)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), list) {
				t.Errorf("the error is %q, want %q and the file's name in it", err, c.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells a password: %q", err)
			}
		})
	}
}

func TestReadNamesEveryMistake(t *testing.T) {
	_, err := source.Read(file(t, "- {path: x, chart: c, version: 1}\n- {path: fine}\n- {oci: x}"))
	for _, want := range []string{"entry 1: chart is", "version is", "entry 3: oci:", `version: ""`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q in it", err, want)
		}
	}
}

func TestReadNoFile(t *testing.T) {
	if _, err := source.Read(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
}
