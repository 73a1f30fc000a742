package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// setenv gives the process these settings and none that it was started with.
func setenv(t *testing.T, values map[string]string) {
	t.Helper()
	for _, field := range settingFields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		t.Setenv(name, "") // restored afterwards
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range values {
		t.Setenv(name, value)
	}
}

func needed(t *testing.T) map[string]string {
	return map[string]string{"SECURITY_USER_NAME": "u", "SECURITY_USER_PASSWORD": "p", "HELM_CHART_DIR": t.TempDir()}
}

func TestDefaults(t *testing.T) {
	setenv(t, needed(t))
	s, err := readSettings()
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 8080 || s.PolicyDestination != "instance" || s.OperationTimeout.Minutes() != 10 {
		t.Errorf("defaults: %+v", s)
	}
}

// TestUsualDestination: where placeholder apps can be made, policies point to them, unless
// the operator says otherwise.
func TestUsualDestination(t *testing.T) {
	api := map[string]string{"CF_API_ADDRESS": "https://api.example.com", "CF_CLIENT_ID": "c", "CF_CLIENT_SECRET": "s"}
	place := map[string]string{"CF_ORG": "o", "CF_SPACE": "s"}
	for name, c := range map[string]struct {
		values []map[string]string
		want   string
	}{
		"no CF API":       {[]map[string]string{place}, "instance"},
		"no place":        {[]map[string]string{api}, "instance"},
		"a place":         {[]map[string]string{api, place}, "app"},
		"a place, and no": {[]map[string]string{api, place, {"POLICY_DESTINATION": "instance"}}, "instance"},
		"workload":        {[]map[string]string{api, place, {"POLICY_DESTINATION": "workload"}}, "workload"},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			for _, more := range c.values {
				maps.Copy(values, more)
			}
			setenv(t, values)
			if s, err := readSettings(); err != nil || s.PolicyDestination != c.want {
				t.Errorf("%q, %v; want %q", s.PolicyDestination, err, c.want)
			}
		})
	}
}

func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"PORT":                 {"eighty", "PORT must be a whole number"},
		"CF_BROKER_URL":        {"https://b.example.com/v2", "CF_BROKER_URL must be a URL without a user and a path"},
		"CF_BROKER_REGISTER":   {"true", "CF_BROKER_REGISTER needs CF_API_ADDRESS\nCF_BROKER_REGISTER needs CF_BROKER_URL"},
		"SECURITY_USER_NAME":   {"a:b", "SECURITY_USER_NAME must have no colon"},
		"CREDENTIALS_FILE":     {"/nowhere/at/all", "CREDENTIALS_FILE: open /nowhere/at/all"},
		"TLS_CERT_FILE":        {"/x", "TLS_CERT_FILE and TLS_KEY_FILE go together"},
		"TLS_CLIENT_CA_FILE":   {"/x", "TLS_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE"},
		"TRUSTED_PROXIES":      {"10.0.0.0/8,router", `TRUSTED_PROXIES: "router" is no address`},
		"REQUESTS_AT_ONCE":     {"0", "REQUESTS_AT_ONCE"},
		"PUBLIC_STATUS":        {"maybe", "PUBLIC_STATUS must be true or false"},
		"REQUEST_BODY_LIMIT":   {"9999999", "REQUEST_BODY_LIMIT"},
		"BROKER_NAMESPACE":     {"Upper", "BROKER_NAMESPACE"},
		"NAMESPACE_PREFIX":     {"far-too-long-for-a-uuid-behind", "NAMESPACE_PREFIX"},
		"PARAMETERS":           {"some", "PARAMETERS must be listed or any"},
		"POD_SECURITY":         {"strict", "POD_SECURITY must be one of privileged, baseline, restricted"},
		"NETWORK_POLICY_FROM":  {"10.0.0.0/8,here", `NETWORK_POLICY_FROM: "here" isn't a CIDR`},
		"NETWORK_POLICY_TO":    {"10.0.0.0/8", "NETWORK_POLICY_TO needs NETWORK_POLICY_FROM"},
		"SERVER":               {"https://x", "SERVER needs TOKEN and CA_DATA"},
		"TOKEN":                {"x", "TOKEN and CA_DATA need SERVER"},
		"KUBE_QPS":             {"0", "KUBE_QPS"},
		"OPERATION_WORKERS":    {"0", "OPERATION_WORKERS"},
		"OPERATION_TIMEOUT":    {"-1s", "OPERATION_TIMEOUT"},
		"SYNC_WAIT":            {"31s", "SYNC_WAIT must be from 0s to 30s"},
		"DELETE_WAIT":          {"41s", "DELETE_WAIT must be from 0s to 40s"},
		"BIND_WAITS_FOR_NODES": {"6s", "BIND_WAITS_FOR_NODES"},
		"BIND_TIMEOUT":         {"2m", "BIND_TIMEOUT"},
		"POLICY_RESYNC":        {"1 minute", "POLICY_RESYNC must be a time with its unit, such as 30s or 5m"},
		"RENDER_MEMORY":        {"64MB", "RENDER_MEMORY must be a whole number"},
		"CF_API_ADDRESS":       {"api.example.com", "CF_API_ADDRESS must be a URL"},
		"POLICY_DESTINATION":   {"everything", "POLICY_DESTINATION must be one of [instance app workload]"},
		"POLICY_DNS_GROUP":     {"kube-dns", "POLICY_DNS_GROUP must be a lower-case UUID"},
		"SHARED_DESTINATIONS":  {"[{name: dns}]", "SHARED_DESTINATIONS: destination 1: dns: namespace"},
		"ADDRESSES":            {"dns", "ADDRESSES must be pods, names or cluster"},
		"CLUSTER_DOMAIN":       {"-", "CLUSTER_DOMAIN"},
		"NAMES_PUBLISHED_BY":   {"nobody", "NAMES_PUBLISHED_BY must be broker or agents"},
		"LOG_LEVEL":            {"loud", "LOG_LEVEL"},
		"HELM_CHART_DIR":       {"/nowhere/at/all", "HELM_CHART_DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			values[name] = c.value
			setenv(t, values)
			if _, err := readSettings(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s=%s: error %v, want %q", name, c.value, err, c.want)
			}
		})
	}
}

// TestEachWrongSettingIsToldOnce: of one that can't be read nothing else is said, and of the others all is.
func TestEachWrongSettingIsToldOnce(t *testing.T) {
	values := needed(t)
	maps.Copy(values, map[string]string{"OPERATION_TIMEOUT": "5 minutes", "KUBE_QPS": "many", "REQUESTS_AT_ONCE": "0"})
	setenv(t, values)
	const want = "OPERATION_TIMEOUT must be a time with its unit, such as 30s or 5m\nKUBE_QPS must be a number\nREQUESTS_AT_ONCE must be at least 1"
	_, err := readSettings()
	if err == nil {
		t.Fatal("they are taken")
	}
	told := strings.Split(err.Error(), "\n")
	slices.Sort(told)
	if wanted := strings.Split(want, "\n"); !slices.Equal(told, slices.Sorted(slices.Values(wanted))) {
		t.Errorf("%q, want %q", told, wanted)
	}
}

// TestWrongSources: lists of charts are looked at before the broker starts.
func TestWrongSources(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.yaml")
	if err := os.WriteFile(list, []byte("- {path: charts, values: v.yaml}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		values map[string]string
		want   string
	}{
		"values of a service":   {map[string]string{"CHART_SOURCES": list}, "values are for operators, in OPERATOR_SOURCES"},
		"values of an operator": {map[string]string{"OPERATOR_SOURCES": list}, ""},
		"no list of operators":  {map[string]string{"OPERATOR_SOURCES": "/nowhere/at/all"}, "OPERATOR_SOURCES: reading the list"},
		"two ways":              {map[string]string{"OPERATOR_SOURCES": list, "OPERATOR_DIR": t.TempDir()}, "OPERATOR_DIR and OPERATOR_SOURCES: set one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			maps.Copy(values, c.values)
			setenv(t, values)
			if _, err := readSettings(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestNamesNeedNATS: names can't be published without anybody to tell.
func TestNamesNeedNATS(t *testing.T) {
	for name, c := range map[string]struct {
		addresses, by, servers, want string
	}{
		"pods":    {"pods", "broker", "", ""},
		"cluster": {"cluster", "broker", "", ""},
		"agents":  {"names", "agents", "", ""},
		"nobody":  {"names", "broker", "", "NATS_SERVERS is needed"},
		"no port": {"names", "broker", "nats.service.cf.internal", "NATS_SERVERS: \"nats.service.cf.internal\" must be host:port"},
		"two":     {"names", "broker", "10.0.0.1:4222,10.0.0.2:4222", ""},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			maps.Copy(values, map[string]string{"ADDRESSES": c.addresses, "NAMES_PUBLISHED_BY": c.by, "NATS_SERVERS": c.servers})
			setenv(t, values)
			if _, err := readSettings(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestClusterDomain is a DNS name below which Services' names fit.
func TestClusterDomain(t *testing.T) {
	for text, c := range map[string]struct{ want, refused string }{
		"cluster.local":                    {"cluster.local", ""},
		"Cluster.Example.Com.":             {"cluster.example.com", ""},
		"k8s":                              {"k8s", ""},
		".":                                {"", "CLUSTER_DOMAIN: the cluster's domain is empty; give the one that kubelets are told of as clusterDomain, cluster.local for example"},
		"cluster..local":                   {"", `CLUSTER_DOMAIN: the cluster's domain "cluster..local" can't be one: "" isn't made of letters, digits and hyphens`},
		"cluster_1.local":                  {"", `"cluster_1" isn't made of letters, digits and hyphens with no hyphen at either end`},
		"https://cluster.local":            {"", `"https://cluster" isn't made of letters`},
		"10.0.0.1:53":                      {"", `"1:53" isn't made of letters`},
		strings.Repeat("l", 64) + ".local": {"", "has 64 characters, and DNS allows 63 between two dots"},
		strings.Repeat("long.", 60) + "d":  {"", "characters are more than the 253 that DNS allows a name"},
	} {
		values := needed(t)
		values["CLUSTER_DOMAIN"] = text
		setenv(t, values)
		s, err := readSettings()
		if string(s.ClusterDomain) != c.want || (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %q, %v, want %q, %q", text, s.ClusterDomain, err, c.want, c.refused)
		}
	}
}

// TestCredentialSettings wants one of the two, or both.
func TestCredentialSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("u:p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ user, password, file, want string }{
		"user":          {"u", "p", "", ""},
		"file":          {"", "", file, ""},
		"both":          {"u", "p", file, ""},
		"neither":       {"", "", "", "SECURITY_USER_NAME and SECURITY_USER_PASSWORD are needed, or CREDENTIALS_FILE"},
		"no password":   {"u", "", file, "SECURITY_USER_NAME and SECURITY_USER_PASSWORD go together"},
		"no user":       {"", "p", "", "SECURITY_USER_NAME and SECURITY_USER_PASSWORD go together"},
		"not such file": {"u", "p", os.DevNull, "CREDENTIALS_FILE: there is no line user:password"},
	} {
		t.Run(name, func(t *testing.T) {
			values := needed(t)
			maps.Copy(values, map[string]string{"SECURITY_USER_NAME": c.user, "SECURITY_USER_PASSWORD": c.password, "CREDENTIALS_FILE": c.file})
			setenv(t, values)
			if _, err := readSettings(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestWrites leaves time for the longest request that there may be, which is shorter
// than what platforms wait for.
func TestWrites(t *testing.T) {
	longest := requestLimit(settings{BindTimeout: 40 * time.Second, DeleteWait: 40 * time.Second})
	if longest >= time.Minute {
		t.Errorf("a request may take %s, and platforms break one off after 60s", longest)
	}
	server := newServer(http.NotFoundHandler(), longest, nil, newLogger("info", io.Discard))
	if server.WriteTimeout <= server.ReadTimeout+longest {
		t.Errorf("answers have %s, with %s to send a request and %s to carry it out", server.WriteTimeout, server.ReadTimeout, longest)
	}
	if server.ReadHeaderTimeout == 0 || server.IdleTimeout == 0 || server.MaxHeaderBytes == 0 {
		t.Error("a limit is missing")
	}
}

// TestPlaceholderSettings are needed where policies point to placeholder apps.
func TestPlaceholderSettings(t *testing.T) {
	values := needed(t)
	values["POLICY_DESTINATION"] = "app"
	setenv(t, values)
	if _, err := readSettings(); err == nil || !strings.Contains(err.Error(), "POLICY_DESTINATION app needs CF_API_ADDRESS, CF_ORG and CF_SPACE") {
		t.Errorf("error %v", err)
	}
	maps.Copy(values, map[string]string{"CF_API_ADDRESS": "https://api.example.com", "CF_CLIENT_ID": "x", "CF_CLIENT_SECRET": "x", "CF_ORG": "o", "CF_SPACE": "s"})
	setenv(t, values)
	if _, err := readSettings(); err != nil {
		t.Error(err)
	}
}

// TestAllAtOnce reports every wrong setting, and no secret.
func TestAllAtOnce(t *testing.T) {
	setenv(t, map[string]string{"SECURITY_USER_PASSWORD": "s3cr3t", "CF_API_ADDRESS": "https://api", "CF_CLIENT_SECRET": "s3cr3t", "PORT": "70000", "LOG_LEVEL": "loud"})
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), nil, &stdout, &stderr); status != 2 {
		t.Errorf("exit status %d, want 2", status)
	}
	for _, want := range []string{"SECURITY_USER_NAME", "PORT", "LOG_LEVEL", "CF_CLIENT_ID"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%s isn't reported: %s", want, stderr.String())
		}
	}
	if strings.Contains(stderr.String()+stdout.String(), "s3cr3t") {
		t.Errorf("a secret is printed: %s", stderr.String())
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, &stdout, &stderr); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, field := range settingFields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if !strings.Contains(stdout.String(), name) || field.Tag.Get("help") == "" {
			t.Errorf("--help doesn't explain %s", name)
		}
	}
	if status := run(t.Context(), []string{"--nonsense"}, &stdout, &stderr); status != 2 {
		t.Errorf("an unknown argument: exit status %d, want 2", status)
	}
}
