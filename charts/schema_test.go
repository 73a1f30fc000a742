package charts_test

import (
	"strings"
	"testing"
)

// TestSchemaRefuses sends what a user might get wrong; the error must name the place, since the app
// developer reads it.
func TestSchemaRefuses(t *testing.T) {
	for _, c := range []struct {
		name       string
		chart      string
		parameters map[string]any
		place      string
	}{
		{"text for a number", "postgresql", map[string]any{"maxConnections": "many"}, "maxConnections"},
		{"a fraction for a whole number", "echo", map[string]any{"replicas": 1.5}, "replicas"},
		{"text for yes or no", "redis", map[string]any{"persistence": map[string]any{"enabled": "yes"}}, "persistence/enabled"},
		{"a value for an object", "redis", map[string]any{"persistence": true}, "persistence"},
		{"a value outside the list", "redis", map[string]any{"maxmemoryPolicy": "random"}, "maxmemoryPolicy"},
		{"a unit of another notation", "redis", map[string]any{"maxmemory": "64Mi"}, "maxmemory"},
		{"a number out of range", "echo", map[string]any{"replicas": 0}, "replicas"},
		{"a name that needs quoting", "postgresql", map[string]any{"database": "my-db"}, "database"},
		{"a name that PostgreSQL reserves", "postgresql", map[string]any{"username": "pg_admin"}, "username"},
		{"a name that nothing reads", "echo", map[string]any{"replicaCount": 2}, "replicaCount"},
		{"a name that nothing reads, below", "postgresql", map[string]any{"persistence": map[string]any{"class": "x"}}, "class"},
		{"a value taken away", "redis", map[string]any{"resources": nil}, "resources"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := manifests(t, c.chart, release, c.parameters)
			if err == nil {
				t.Fatalf("%s accepts %v", c.chart, c.parameters)
			}
			if !strings.Contains(err.Error(), c.place) {
				t.Errorf("the error doesn't name %s: %v", c.place, err)
			}
		})
	}
}

func TestSchemaAllowsGlobal(t *testing.T) {
	for _, chart := range chartNames(t) {
		parameters := map[string]any{"global": map[string]any{"imageRegistry": "example.com"}}
		if _, err := manifests(t, chart, release, parameters); err != nil {
			t.Errorf("%s: %v", chart, err)
		}
	}
}
