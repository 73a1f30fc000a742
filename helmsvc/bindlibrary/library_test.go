package bindlibrary_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
)

const database = `
secrets: {db: {data: {password: mine}}}
servers: {db: {image: "postgres:17", ports: {sql: 5432}, fromSecret: {POSTGRES_PASSWORD: db/password}}}
services: {db: {of: db, ports: {sql: 5432}}}`

// TestWithoutRule: what isn't known, or is only part of something else, gets the raw form.
func TestWithoutRule(t *testing.T) {
	for name, chart := range map[string]server{
		"an image that nobody knows":               {"web", `{servers: {web: {image: "nginx:1", ports: {http: 80}}}, services: {web: {of: web, ports: {http: 80}}}}`},
		"a shop that has a database":               {"shop", strings.Replace(database, "servers: {", `servers: {web: {image: "shop:1", ports: {http: 80}}, `, 1)},
		"a shop whose own pods aren't there":       {"shop", strings.Replace(database, "services: {", "services: {web: {of: web, ports: {http: 80}}, ", 1)},
		"a database whose password isn't found":    {"postgresql", `{servers: {db: {image: "postgres:17", ports: {sql: 5432}}}, services: {db: {of: db, ports: {sql: 5432}}}}`},
		"something else that is called after one":  {"opensearch-dashboards", `{servers: {web: {image: "opensearchproject/opensearch-dashboards:3", ports: {http: 5601}}}, services: {web: {of: web, ports: {http: 5601}}}}`},
		"a database with settings in a ConfigMap":  {"postgresql", strings.Replace(database, "fromSecret: {", "fromConfigMap: settings, fromSecret: {", 1)},
		"a database that no port leads to":         {"postgresql", `{secrets: {db: {data: {password: mine}}}, servers: {db: {image: "postgres:17", ports: {other: 9}}}, services: {db: {of: db, ports: {other: 9}}}}`},
		"two kinds, and a name that tells of none": {"both", strings.Replace(database, "servers: {", `servers: {cache: {image: "redis:8", ports: {redis: 6379}}, `, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			rule, got := chart.yields(t, own(t), false)
			if _, raw := got["endpoints"]; rule != "" || !raw {
				t.Errorf("the rule is %q: %v", rule, got)
			}
		})
	}
}

// TestByName: a chart's name tells of its kind, whatever else it runs and however its image is called.
func TestByName(t *testing.T) {
	for name, values := range map[string]string{
		"others beside it":   strings.Replace(database, "servers: {", `servers: {web: {image: "shop:1", ports: {http: 80}}, `, 1),
		"an image of ours":   strings.Replace(database, "postgres:17", "registry.example.com/our-database:1", 1),
		"two kinds in chart": strings.Replace(database, "servers: {", `servers: {cache: {image: "redis:8", ports: {redis: 6379}}, `, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if rule, got := (server{"my-postgresql", values}).yields(t, own(t), false); rule != "postgresql" || got["password"] != "mine" {
				t.Errorf("the rule is %q: %v", rule, got)
			}
		})
	}
}

// TestNames: hosts are names where the broker hands out names, of pods where each counts.
func TestNames(t *testing.T) {
	chart := server{"kafka", `
servers: {kafka: {image: "apache/kafka:4", replicas: 2, ports: {client: 9092}}}
services: {kafka: {of: kafka, headless: true, ports: {client: 9092}}}`}
	_, got := chart.yields(t, own(t), true)
	service, _ := got["host"].(string)
	if !strings.HasPrefix(service, prefix+"kafka.cf-helm-") || !strings.HasSuffix(service, ".svc.cluster.local") {
		t.Errorf("the host is %q", service)
	}
	first, second := prefix+"kafka-0."+service, prefix+"kafka-1."+service
	if !reflect.DeepEqual(got["hosts"], []any{first, second}) || got["uri"] != "kafka://"+first+":9092,"+second+":9092" {
		t.Errorf("got %v", got)
	}
}

// TestMembersByName: where the broker hands out names, pods without one are called by their Service.
func TestMembersByName(t *testing.T) {
	chart := server{"memcached", `
servers: {memcached: {image: "memcached:1.6", replicas: 2, governing: other, ports: {memcache: 11211}}}
services: {memcached: {of: memcached, ports: {memcache: 11211}}}`}
	_, got := chart.yields(t, own(t), true)
	if host, _ := got["host"].(string); !strings.HasPrefix(host, prefix+"memcached.") || got["servers"] != host+":11211" {
		t.Errorf("got %v", got)
	}
}

// TestServiceBinding: a Secret of the Service Binding Specification comes before the library, with the
// host and port that apps reach.
func TestServiceBinding(t *testing.T) {
	for name, host := range map[string]string{
		"short": prefix + "db", "in its namespace": prefix + "db.{{ .Release.Namespace }}", "whole": prefix + "db.{{ .Release.Namespace }}.svc.cluster.local",
	} {
		t.Run(name, func(t *testing.T) {
			chart := server{"postgresql", strings.Replace(strings.Replace(database, "secrets: {", `secrets: {db-svcbind: {type: servicebinding.io/postgresql, data: {
  provider: us, host: "`+host+`", port: "80", username: app, password: "`+prefix+`db:80", database: shop, uri: "postgresql://app:secret@`+host+`:80/shop"}}, `, 1), "services: {db: {of: db, ports: {sql: 5432}}}", "services: {db: {of: db, ports: {sql: 80}}}", 1)}
			rule, got := chart.yields(t, own(t), false)
			want := map[string]any{
				"type": "postgresql", "provider": "us", "host": address, "hostname": address, "hosts": []any{address}, "port": 5432.0,
				"username": "app", "password": prefix + "db:80", "database": "shop", "name": "shop", "uri": "postgresql://app:secret@10.255.0.1:5432/shop",
			}
			if rule != "Secret "+prefix+"db-svcbind, servicebinding.io/postgresql" || !reflect.DeepEqual(got, want) {
				t.Errorf("by %q: %v\nwant %v", rule, got, want)
			}
		})
	}
}

// TestServiceBindingOfMany: a Secret that names servers which apps can't look up is passed over.
func TestServiceBindingOfMany(t *testing.T) {
	hosts := prefix + "db-0." + prefix + "db.{{ .Release.Namespace }}.svc.cluster.local," + prefix + "db-1." + prefix + "db.{{ .Release.Namespace }}.svc.cluster.local"
	chart := server{"postgresql", strings.Replace(database, "secrets: {", `secrets: {svcbind: {type: servicebinding.io/postgresql, data: {host: "`+hosts+`", port: "5432"}}, `, 1)}
	if rule, got := chart.yields(t, own(t), false); rule != "postgresql" || got["host"] != address {
		t.Errorf("by %q: %v", rule, got)
	}
}

// TestServiceBindingElsewhere: a host that isn't the instance's stays.
func TestServiceBindingElsewhere(t *testing.T) {
	chart := server{"proxy", `secrets: {db: {type: servicebinding.io/mysql, data: {host: db.example.com, port: "3306", type: mysql, uri: "mysql://db.example.com:3306/"}}}`}
	if _, got := chart.yields(t, own(t), false); got["host"] != "db.example.com" || got["port"] != 3306.0 || got["uri"] != "mysql://db.example.com:3306/" {
		t.Errorf("got %v", got)
	}
}

// TestFolder: an operator's folder adds kinds, and replaces the library's own.
func TestFolder(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "web.jsonnet"), `{images: ["nginx"], ports: [80], more(s):: {uri: "http://%s:%d" % [s.host, s.port]}}`)
	write(t, filepath.Join(folder, "postgresql.jsonnet"), `(import "kinds/redis.jsonnet") {names: ["postgresql"], ports: [5432], more(s):: {ours: true}}`)
	library, err := bindlibrary.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	web := server{"anything", `{servers: {web: {image: "nginx:1", ports: {http: 80}}}, services: {web: {of: web, ports: {http: 80}}}}`}
	if rule, got := web.yields(t, library, false); rule != "web" || got["uri"] != "http://10.255.0.1:80" {
		t.Errorf("by %q: %v", rule, got)
	}
	if rule, got := (server{"postgresql", database}).yields(t, library, false); rule != "postgresql" || got["ours"] != true {
		t.Errorf("by %q: %v", rule, got)
	}
}

// TestBadFolder: what isn't there or isn't Jsonnet is told at once, a kind that fails when it is used.
func TestBadFolder(t *testing.T) {
	if _, err := bindlibrary.New(filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a folder that isn't there: %v", err)
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "web.jsonnet"), "{images: [")
	if _, err := bindlibrary.New(folder); err == nil || !strings.Contains(err.Error(), "kinds/web.jsonnet:") {
		t.Errorf("what isn't Jsonnet: %v", err)
	}
	// One that fails is in the way of those alone that it's asked for.
	write(t, filepath.Join(folder, "web.jsonnet"), `{names: ["web"], images: ["postgres"], ports: [5432], more(s):: {uri: s.nothing}}`)
	library, err := bindlibrary.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	if rule, _ := (server{"postgresql", database}).yields(t, library, false); rule != "postgresql" {
		t.Errorf("the rule is %q", rule)
	}
	_, _, err = server{"web", database}.credentials(t, library, false)
	if err == nil || !strings.Contains(err.Error(), "Field does not exist: nothing; kinds/web.jsonnet:1") || !strings.Contains(err.Error(), "a bind.yaml in the chart does without the library") {
		t.Errorf("error %v", err)
	}
}
