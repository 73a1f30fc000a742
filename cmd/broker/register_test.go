package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// TestRegisterUsage holds arguments and settings against the words and the exit status
// they lead to, without a Cloud Foundry.
func TestRegisterUsage(t *testing.T) {
	const nowhere = "http://127.0.0.1:1"
	client := map[string]string{"CF_API_ADDRESS": nowhere, "CF_CLIENT_ID": "c", "CF_CLIENT_SECRET": "s3cr3t"}
	broker := map[string]string{"CF_BROKER_URL": "https://b.example.com", "HELM_CHART_DIR": t.TempDir()}
	login := map[string]string{"SECURITY_USER_NAME": "u", "SECURITY_USER_PASSWORD": "s3cr3t"}
	for name, c := range map[string]struct {
		args     []string
		settings []map[string]string
		exit     int
		want     string
	}{
		"help":              {[]string{"register", "--help"}, nil, 0, "broker deregister [--wait LIMIT] [--take-over]"},
		"an argument":       {[]string{"register", "redis"}, nil, 2, `register takes no "redis"`},
		"no limit":          {[]string{"deregister", "--wait", "0s"}, nil, 2, "--wait must be above 0"},
		"no settings":       {[]string{"register"}, nil, 2, "CF_API_ADDRESS is needed"},
		"all at once":       {[]string{"register"}, nil, 2, "authority cloud_controller.admin\nCF_BROKER_URL is needed: where Cloud Foundry reaches the broker, such as https://cf-helm-broker.example.com\nSECURITY_USER_NAME"},
		"no client":         {[]string{"deregister"}, nil, 2, "CF_CLIENT_ID and CF_CLIENT_SECRET are needed"},
		"no URL":            {[]string{"register"}, []map[string]string{client}, 2, "CF_BROKER_URL is needed"},
		"a URL with a path": {[]string{"register"}, []map[string]string{client, {"CF_BROKER_URL": "https://b/v2"}}, 2, "without a user and a path"},
		"no login":          {[]string{"register"}, []map[string]string{client, broker}, 2, "or CREDENTIALS_FILE, as for the running broker"},
		"no file":           {[]string{"register"}, []map[string]string{client, broker, {"CREDENTIALS_FILE": "/nowhere"}}, 2, "CREDENTIALS_FILE: open /nowhere"},
		"no charts":         {[]string{"register"}, []map[string]string{client, broker, login, {"HELM_CHART_DIR": "/nowhere"}}, 1, "the charts can't be read"},
		"CF is down":        {[]string{"register", "--wait", "1ms"}, []map[string]string{client, broker, login}, 1, "given up after waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{}
			for _, more := range c.settings {
				maps.Copy(all, more)
			}
			setenv(t, all)
			var out bytes.Buffer
			if exit := run(t.Context(), c.args, &out, &out); exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			if !strings.Contains(out.String(), c.want) || strings.Contains(out.String(), "s3cr3t") {
				t.Errorf("printed %q, want %q", &out, c.want)
			}
		})
	}
}

// TestRegistrationLogin sends one that the broker takes.
func TestRegistrationLogin(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "credentials"), "# platform\n\nfirst:a:b\nsecond:c\n")
	for name, c := range map[string]struct{ user, password, want string }{
		"the setting's":    {"u", "p", "u p"},
		"the file's first": {"", "", "first a:b"},
	} {
		s := settings{}
		s.BrokerURL, s.Username, s.Password, s.CredentialsFile = "https://b.example.com/", c.user, c.password, file
		told, err := s.registration()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		login, err := told.Login()
		if got := login.Username + " " + login.Password; err != nil || got != c.want || told.URL != "https://b.example.com" {
			t.Errorf("%s: %q, %q, %v", name, got, told.URL, err)
		}
	}
}
