package chartcheck_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

const elsewhere = "../../docs/coming-from-elsewhere.md"

var shown = regexp.MustCompile("(?s)```yaml\n# own/([^\n]+)\n(.*?)```")

// documented are the files that the page shows, by their path in own/.
func documented(t *testing.T) files {
	t.Helper()
	text, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	all := files{}
	for _, block := range shown.FindAllStringSubmatch(string(text), -1) {
		all[block[1]] = block[2]
	}
	return all
}

// server is a chart's Service and its pod.
const server = `
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}-db"}
spec: {selector: {app: db}, ports: [{name: db, port: 80, targetPort: 3306}]}
---
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-db", labels: {app: db}}
spec: {containers: [{name: db, image: "db:{{ .Values.imageTag }}", ports: [{containerPort: 3306}], readinessProbe: {tcpSocket: {port: 3306}}}]}
`

// TestComingFromElsewhere has the page's templates yield what developers knew, of
// charts in the shape of those that it is about.
func TestComingFromElsewhere(t *testing.T) {
	all := documented(t)
	known := []string{"database", "host", "password", "port", "protocol", "uri", "username"}
	for name, c := range map[string]struct {
		secret string
		want   []string
	}{
		"mysql": {`apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-db"}
stringData: {mysql-root-password: s3cr3t, mysql-password: other}
`, append([]string{"mysql-password", "mysql-root-password"}, known...)},
		"postgresql": {`apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-admin"}
type: servicebinding.io/postgresql
stringData: {type: postgresql, host: x, port: "80", username: postgres, password: s3cr3t, database: postgres, uri: x}
---
{{ if .Values.serviceBindings.enabled }}
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-app"}
type: servicebinding.io/postgresql
stringData: {type: postgresql, host: x, port: "80", username: "{{ .Values.auth.username }}", password: other, database: "{{ .Values.auth.database }}", uri: x}
{{ end }}
`, []string{"database", "host", "password", "port", "type", "uri", "username"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chart := files{
				"Chart.yaml": "apiVersion: v2\nname: " + name + "\nversion: 1.2.3\n", "values.yaml": "{imageTag: 1, serviceBindings: {}, auth: {}}",
				"plans.yaml": "- {name: small, file: small.yaml}", "templates/all.yaml": c.secret + server,
			}
			for _, file := range []string{"plans.yaml", "plans/small.yaml", "plans/5-7-30.yaml", "bind.yaml"} {
				if text := all[name+"/"+file]; text != "" {
					chart[file] = text
				}
			}
			plan := check(t, chart.write(t)).Charts[0].Plans[0]
			var have []string
			for _, f := range plan.Credentials {
				have = append(have, f.Path)
			}
			slices.Sort(c.want)
			if slices.Sort(have); !slices.Equal(have, c.want) || len(plan.Mistakes) > 0 {
				t.Errorf("credentials %q, want %q; mistakes %q", have, c.want, plan.Mistakes)
			}
		})
	}
}
