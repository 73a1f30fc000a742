package main

import (
	"errors"
	"regexp"

	"github.com/cf-helm-broker/cf-helm-broker/credhub"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// CredHubSettings say whether bindings' credentials are kept in CredHub. Its name is
// exported for env, as that of KubernetesSettings is.
type CredHubSettings struct {
	CredHubURL          string `env:"CH_CRED_HUB_URL" help:"CredHub, such as https://credhub.service.cf.internal:8844, which keeps the credentials of new bindings; empty: Cloud Foundry is given them"`
	CredHubUAAURL       string `env:"CH_UAA_URL" help:"the UAA that CredHub trusts, such as https://uaa.service.cf.internal:8443; empty: the one that the CF API's root names"`
	CredHubClientID     string `env:"CH_UAA_CLIENT_NAME" help:"UAA client with grant type client_credentials and authorities credhub.read and credhub.write, which CredHub permits everything below /c/CF_BROKER_NAME"`
	CredHubClientSecret string `env:"CH_UAA_CLIENT_SECRET" help:"its secret"`
}

// pathPart is what a part of a name in CredHub may be.
var pathPart = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

func (s settings) checkCredHub() error {
	var wrong []error
	refuse := func(bad bool, words string) {
		if bad {
			wrong = append(wrong, errors.New(words))
		}
	}
	if s.CredHubURL == "" {
		refuse(s.CredHubUAAURL != "" || s.CredHubClientID != "" || s.CredHubClientSecret != "", "CH_UAA_URL, CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET need CH_CRED_HUB_URL")
		return errors.Join(wrong...)
	}
	refuse(!isURL(s.CredHubURL), "CH_CRED_HUB_URL must be a URL such as https://credhub.service.cf.internal:8844")
	refuse(s.CredHubUAAURL != "" && !isURL(s.CredHubUAAURL), "CH_UAA_URL must be a URL such as https://uaa.service.cf.internal:8443")
	refuse(s.CredHubUAAURL == "" && s.CFAPIAddress == "", "CH_CRED_HUB_URL needs CH_UAA_URL, or CF_API_ADDRESS, whose root says where UAA is")
	refuse(s.CredHubClientID == "" || s.CredHubClientSecret == "", "CH_CRED_HUB_URL needs CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET")
	refuse(!pathPart.MatchString(s.BrokerName), "CF_BROKER_NAME must be letters, digits, dots, dashes and underscores, since with CH_CRED_HUB_URL it is a part of names in CredHub")
	return errors.Join(wrong...)
}

// newCredHub returns nil where none is configured.
func newCredHub(s settings) *credhub.Client {
	if s.CredHubURL == "" {
		return nil
	}
	return credhub.New(cfapi.Settings{
		CFAPIAddress:      s.CFAPIAddress,
		ClientID:          s.CredHubClientID,
		ClientSecret:      s.CredHubClientSecret,
		SkipTLSValidation: s.CFSkipSSLValidation,
		Timeout:           s.CFTimeout,
		Known:             map[cfapi.Part]string{cfapi.CredHub: s.CredHubURL, cfapi.UAA: s.CredHubUAAURL},
		Names:             cfapi.Names{Address: "CH_CRED_HUB_URL and CH_UAA_URL", Client: "CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET"},
	}, s.BrokerName)
}
