package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstancesUsage holds arguments and settings against the words and the
// exit status they lead to, without a cluster.
func TestInstancesUsage(t *testing.T) {
	const nowhere = "http://127.0.0.1:1"
	down := writeFile(t, filepath.Join(t.TempDir(), "kubeconfig"),
		`{clusters: [{name: c, cluster: {server: "`+nowhere+`"}}], users: [{name: u, user: {token: s3cr3t}}], contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`)
	for name, c := range map[string]struct {
		args           []string
		settings       map[string]string
		exit           int
		stdout, stderr string // words; empty: nothing is written
	}{
		"nothing":         {nil, nil, 2, "", "broker instances list"},
		"help":            {[]string{"--help"}, nil, 0, "broker instances list", ""},
		"help of one":     {[]string{"show", "-h"}, nil, 0, "broker instances list", ""},
		"unknown":         {[]string{"delete"}, nil, 2, "", `list, show, retry, forget, upgrade and none, not "delete"`},
		"show nothing":    {[]string{"show"}, nil, 2, "", "needs an instance's id"},
		"show two":        {[]string{"show", "a", "--json", "b"}, nil, 2, "", `not both "a" and "b"`},
		"list one":        {[]string{"list", "a"}, nil, 2, "", "did you mean show?"},
		"none of one":     {[]string{"none", "a"}, nil, 2, "", `none takes no "a"`},
		"list a state":    {[]string{"list", "--state", "broken"}, nil, 2, "", `not "broken"`},
		"upgrade one":     {[]string{"upgrade", "a"}, nil, 2, "", `upgrade takes no "a"`},
		"no upgrade":      {[]string{"upgrade", "--max-in-flight", "0"}, nil, 2, "", "--max-in-flight must be 1 or more"},
		"less than none":  {[]string{"upgrade", "--canaries=-1"}, nil, 2, "", "--canaries must be 0 or more"},
		"odd URL":         {[]string{"upgrade", "--url", "broker"}, nil, 2, "", "--url must be a URL"},
		"no broker there": {[]string{"upgrade", "--url", nowhere}, map[string]string{"KUBECONFIG": down, "SECURITY_USER_NAME": "u", "SECURITY_USER_PASSWORD": "p"}, 1, "", "connection refused; --url says where the broker is"},
		"another's flag":  {[]string{"retry", "a", "--yes"}, nil, 2, "", "-yes"},
		"wrong settings":  {[]string{"list"}, map[string]string{"SERVER": nowhere, "SECURITY_USER_PASSWORD": "s3cr3t"}, 2, "", "SERVER needs TOKEN and CA_DATA"},
		"no cluster":      {[]string{"list"}, nil, 2, "", "no Kubernetes cluster to use"},
		"cluster is down": {[]string{"show", "a"}, map[string]string{"KUBECONFIG": down}, 1, "", "instances show: reading record instance.a"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, c.settings)
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			var stdout, stderr bytes.Buffer
			if exit := run(t.Context(), append([]string{"instances"}, c.args...), &stdout, &stderr); exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			for _, stream := range []struct{ have, want string }{{stdout.String(), c.stdout}, {stderr.String(), c.stderr}} {
				if !strings.Contains(stream.have, stream.want) || stream.want == "" && stream.have != "" || strings.Contains(stream.have, "s3cr3t") {
					t.Errorf("printed %q, want %q", stream.have, stream.want)
				}
			}
		})
	}
}

// TestOneLine keeps what others have written from moving the terminal's cursor.
func TestOneLine(t *testing.T) {
	if have := oneLine("pulling\n\timage \x1b[2Jgröße"); have != "pulling image ?[2Jgröße" {
		t.Errorf("oneLine printed %q", have)
	}
	if have := clip("größer", 5); have != "größ…" {
		t.Errorf("clip printed %q", have)
	}
}
