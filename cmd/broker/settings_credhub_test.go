package main

import (
	"maps"
	"testing"
)

// TestCredHubSettings: each combination that can't work is refused in a sentence.
func TestCredHubSettings(t *testing.T) {
	whole := map[string]string{"CH_CRED_HUB_URL": "https://credhub:8844", "CH_UAA_URL": "https://uaa:8443", "CH_UAA_CLIENT_NAME": "c", "CH_UAA_CLIENT_SECRET": "s"}
	api := map[string]string{"CF_API_ADDRESS": "https://api.example.com", "CF_CLIENT_ID": "c", "CF_CLIENT_SECRET": "s", "CH_UAA_URL": ""}
	for name, c := range map[string]struct {
		but  map[string]string
		want string
	}{
		"whole":             {nil, ""},
		"UAA by the root":   {api, ""},
		"off, but a client": {map[string]string{"CH_CRED_HUB_URL": ""}, "CH_UAA_URL, CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET need CH_CRED_HUB_URL"},
		"no URL":            {map[string]string{"CH_CRED_HUB_URL": "credhub:8844"}, "CH_CRED_HUB_URL must be a URL such as https://credhub.service.cf.internal:8844"},
		"no URL of UAA":     {map[string]string{"CH_UAA_URL": "uaa"}, "CH_UAA_URL must be a URL such as https://uaa.service.cf.internal:8443"},
		"no UAA":            {map[string]string{"CH_UAA_URL": ""}, "CH_CRED_HUB_URL needs CH_UAA_URL, or CF_API_ADDRESS, whose root says where UAA is"},
		"no secret":         {map[string]string{"CH_UAA_CLIENT_SECRET": ""}, "CH_CRED_HUB_URL needs CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET"},
		"a name with a /":   {map[string]string{"CF_BROKER_NAME": "a/b"}, "CF_BROKER_NAME must be letters, digits, dots, dashes and underscores, since with CH_CRED_HUB_URL it is a part of names in CredHub"},
	} {
		values := needed(t)
		maps.Copy(values, whole)
		maps.Copy(values, c.but)
		setenv(t, values)
		s, err := readSettings()
		if err == nil && c.want != "" || err != nil && err.Error() != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && newCredHub(s).Name("db", "b") != "/c/cf-helm-broker/db/b/secrets-and-services" {
			t.Errorf("%s: the name is %s", name, newCredHub(s).Name("db", "b"))
		}
	}
	setenv(t, needed(t))
	if s, err := readSettings(); err != nil || newCredHub(s) != nil {
		t.Errorf("it is on by default: %v", err)
	}
}
