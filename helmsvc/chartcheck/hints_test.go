package chartcheck_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

const (
	serviceName = "k-iwohtgpu-db"
	instanceNS  = "cf-helm-00000000"
)

// configured is a ConfigMap with that text in a file.
func configured(text string) files {
	return files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  server.conf: |\n    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"}
}

func withEnv(name, value string) files {
	return files{"templates/x.yaml": pod("{containers: [{name: c, " + probed + ", env: [{name: " + name + ", value: '" + value + "'}]}]}")}
}

func withArgs(args string) files {
	return files{"templates/x.yaml": pod("{containers: [{name: c, " + probed + ", args: " + args + "}]}")}
}

func bindsTo(expression string) files {
	return files{"bind.yaml": "template: |\n  local s = $.services[0];\n  " + expression}
}

func asked(names string) files {
	return files{"templates/x.yaml": "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\nspec: {secretName: x, dnsNames: [" + names + "]}\n"}
}

// held is a Secret with a certificate, as charts make them with genSignedCert.
func held(t *testing.T, names ...string) files {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return files{"templates/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ntype: kubernetes.io/tls\ndata: {tls.crt: " + text + ", tls.key: ''}\n"}
}

// TestHints has one hint in each chart that needs one, and none in those that are
// right: a hint that cries wolf is read by nobody.
func TestHints(t *testing.T) {
	const svc, long = serviceName, serviceName + "." + instanceNS + ".svc.cluster.local"
	for name, c := range map[string]struct {
		change files
		want   string // "": none
	}{
		"the Service's port":           {bindsTo("{host: s.endpoints[0].host, port: 80}"), "bind.yaml: the credential port holds the Service's port 80, where the pods listen on 5432"},
		"the Service's port as text":   {bindsTo("{host: s.endpoints[0].host, db_port: '80'}"), "the credential db_port"},
		"the Service's port in a URI":  {bindsTo("{uri: 'db://%s:80/x' % s.endpoints[0].host}"), "the credential uri holds the Service's port 80"},
		"Kubernetes' own port":         {bindsTo("{host: s.endpoints[0].host, port: $.rawServices[0].spec.ports[0].port}"), "the credential port"},
		"the pods' port":               {bindsTo("{host: s.hosts[0], port: s.endpoints[0].port, uri: 'db://%s:%d' % [s.hosts[0], s.endpoints[0].port]}"), ""},
		"another number":               {bindsTo("{host: s.hosts[0], pool: 80, version: '8:80'}"), ""},
		"a number that is no port":     {bindsTo("{host: s.hosts[0], pool: 80, uri: 'db://h:8080/80'}"), ""},
		"addresses":                    {bindsTo("{hosts: s.endpoints[0].addresses}"), "bind.yaml: the credential hosts[] holds addresses of pods also where the broker hands out names"},
		"addresses of pods":            {bindsTo("{uri: 'db://' + $.pods[0].ip}"), "the credential uri holds addresses"},
		"addresses that are meant":     {bindsTo("{hosts: s.endpoints[0].addresses}").and(files{"plans.yaml": "- {name: small, file: small.yaml, addresses: pods}"}), ""},
		"only for addresses":           {bindsTo("{a: if s.hosts[0] == '10.255.0.1' then 1 else error 'no'}"), "with names in place of addresses (ADDRESSES=names) it fails"},
		"Kafka":                        {withEnv("KAFKA_CFG_ADVERTISED_LISTENERS", "CLIENT://$(POD_NAME)."+svc+":9092"), "templates/x.yaml: Pod x: KAFKA_CFG_ADVERTISED_LISTENERS advertises $(POD_NAME)." + svc + ", which pods can look up and apps can't; let it be $(POD_NAME)." + long},
		"Kafka's file":                 {configured("listeners=CLIENT://:9092\nadvertised.listeners=CLIENT://" + svc + ":9092"), "ConfigMap x: advertised.listeners advertises " + svc},
		"Kafka's file, a comment":      {configured("# advertised.listeners=CLIENT://" + svc + ":9092"), ""},
		"Kafka, one for brokers":       {withEnv("KAFKA_CFG_ADVERTISED_LISTENERS", "INTERNAL://"+svc+":9094,CLIENT://"+long+":9092"), ""},
		"Kafka, right":                 {withEnv("KAFKA_CFG_ADVERTISED_LISTENERS", "CLIENT://"+long+":9092"), ""},
		"Redis":                        {configured("port 6379\ncluster-announce-hostname " + svc + "." + instanceNS), "cluster-announce-hostname advertises"},
		"Redis' arguments":             {withArgs("[redis-server, --replica-announce-ip, " + svc + "." + instanceNS + ".svc]"), "replica-announce-ip advertises " + svc + "." + instanceNS + ".svc"},
		"Redis, an address":            {withArgs("[redis-server, --replica-announce-ip, 10.1.2.3]"), ""},
		"etcd":                         {withArgs("['--advertise-client-urls=http://" + svc + ":2379']"), "advertise-client-urls advertises"},
		"etcd's peers":                 {withArgs("['--initial-advertise-peer-urls=http://" + svc + ":2380']"), ""},
		"MongoDB":                      {configured(`rs.initiate({_id: "rs", members: [{_id: 0, host: "db-0.` + svc + `:27017"}]})`), "rs.initiate advertises db-0." + svc},
		"MongoDB, right":               {configured(`rs.initiate({_id: "rs", members: [{_id: 0, host: "db-0.` + long + `:27017"}]})`), ""},
		"a short name for pods":        {withEnv("UPSTREAM", "http://"+svc+":80"), ""},
		"somebody else's short name":   {withEnv("ADVERTISED_HOST", "gateway"), ""},
		"another domain":               {withEnv("UPSTREAM", "http://"+svc+"."+instanceNS+".svc.example.org:80"), svc + "." + instanceNS + ".svc.example.org leads nowhere in a cluster whose domain is cluster.local"},
		"another namespace":            {withEnv("UPSTREAM", "http://"+svc+".monitoring.svc.example.org"), ""},
		"a certificate":                {held(t, svc, svc+"."+instanceNS+".svc", "localhost"), "Secret x: the certificate names " + svc + ", by which apps can't reach it; add " + long},
		"a certificate, right":         {held(t, svc, svc+"."+instanceNS+".svc", long, "*."+svc), ""},
		"a certificate for all":        {held(t, svc, "*."+instanceNS+".svc.cluster.local"), ""},
		"a certificate of pods":        {held(t, "*."+svc), "the certificate names *." + svc + ", by which apps can't reach it; add *." + long},
		"somebody else's certificate":  {held(t, "example.org"), ""},
		"a certificate that is asked":  {asked(svc + ", localhost"), "Certificate x: the certificate names " + svc},
		"a certificate, asked rightly": {asked(svc + ", " + long), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := check(t, good().and(files{"plans.yaml": ""}).and(c.change).write(t))
			plan := report.Charts[0].Plans[0]
			wanted := 1
			if c.want == "" {
				wanted = 0
			}
			if len(plan.Mistakes) != 0 || len(plan.Hints) != wanted || wanted == 1 && !strings.Contains(plan.Hints[0], c.want) {
				t.Errorf("mistakes %q, hints %q, want %d with %q", plan.Mistakes, plan.Hints, wanted, c.want)
			}
			if wanted == 1 && !strings.Contains(text(t, report), "\n    hint: ") {
				t.Errorf("printed\n%s", text(t, report))
			}
		})
	}
}

// TestClusterDomain is a cluster whose domain is another one.
func TestClusterDomain(t *testing.T) {
	folder := good().and(files{"plans.yaml": ""}).and(withEnv("ADVERTISED_HOST", serviceName+"."+instanceNS+".svc.example.org")).write(t)
	for domain, hints := range map[string]int{"example.org": 0, "": 1} {
		c := checker(t)
		c.Domain = domain
		report, err := c.Check(t.Context(), folder)
		if err != nil || len(report.Charts[0].Plans[0].Hints) != hints {
			t.Errorf("%q: %v, %v, want %d hints", domain, report.Charts, err, hints)
		}
	}
}

// TestSamplesNeedNoHint: what the samples and the tests' charts hand out is right.
func TestSamplesNeedNoHint(t *testing.T) {
	for _, folder := range []string{"../../charts", "../../test/e2e/charts", "../../test/e2e/charts-access", "../../test/e2e/charts-kibosh", "../../test/bench/chart"} {
		for _, c := range check(t, folder).Charts {
			for _, plan := range c.Plans {
				expectNone(t, c, plan)
			}
		}
	}
}

func expectNone(t *testing.T, c chartcheck.Chart, plan chartcheck.Plan) {
	t.Helper()
	if len(plan.Hints) != 0 {
		t.Errorf("%s, plan %s: %q", c.Folder, plan.Name, plan.Hints)
	}
}
