package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// RegisterSettings say how Cloud Foundry is to know the broker. Its name is exported
// for env, as that of KubernetesSettings is.
type RegisterSettings struct {
	BrokerURL  string `env:"CF_BROKER_URL" help:"where Cloud Foundry reaches the broker, such as https://cf-helm-broker.example.com, for broker register"`
	Register   bool   `env:"CF_BROKER_REGISTER" envDefault:"false" help:"have the broker register itself when it starts and when its catalog has changed, as broker register does; CF_CLIENT_ID needs the authority cloud_controller.admin"`
	BrokerName string `env:"CF_BROKER_NAME" envDefault:"cf-helm-broker" help:"name of the service broker in Cloud Foundry"`
}

func (r RegisterSettings) check() error {
	if r.BrokerURL == "" {
		if r.Register {
			return errors.New("CF_BROKER_REGISTER needs CF_BROKER_URL")
		}
		return nil
	}
	if address, err := url.Parse(r.BrokerURL); err != nil || !isURL(r.BrokerURL) || address.User != nil || strings.Trim(address.Path, "/") != "" || address.RawQuery != "" {
		return errors.New("CF_BROKER_URL must be a URL without a user and a path, such as https://cf-helm-broker.example.com")
	}
	return nil
}

// readRegisterSettings is readSettings for registering, which needs fewer: those that
// the running broker has are as good.
func readRegisterSettings() (settings, error) {
	var s settings
	wrong := []error{parse(&s), s.RegisterSettings.check()}
	refuse := func(bad bool, words string) {
		if bad {
			wrong = append(wrong, errors.New(words))
		}
	}
	refuse(s.CFAPIAddress == "", "CF_API_ADDRESS is needed: the CF API, such as https://api.example.com")
	refuse(s.CFAPIAddress != "" && !isURL(s.CFAPIAddress), "CF_API_ADDRESS must be a URL such as https://api.example.com")
	refuse(s.CFClientID == "" || s.CFClientSecret == "", "CF_CLIENT_ID and CF_CLIENT_SECRET are needed, of a UAA client with the authority cloud_controller.admin")
	refuse(s.CFTimeout <= 0, "CF_REQUEST_TIMEOUT must be above 0, for example 30s")
	refuse(s.BrokerName == "", "CF_BROKER_NAME must not be empty")
	return s, errors.Join(wrong...)
}

// registration is what Cloud Foundry is told. Of several logins it gets
// SECURITY_USER_NAME's or, without that, the first of CREDENTIALS_FILE.
func (s settings) registration() (register.Settings, error) {
	told := register.Settings{Name: s.BrokerName, URL: strings.TrimRight(s.BrokerURL, "/"), Login: s.login}
	var wrong error
	if told.URL == "" {
		wrong = errors.New("CF_BROKER_URL is needed: where Cloud Foundry reaches the broker, such as https://cf-helm-broker.example.com")
	}
	_, err := s.login()
	return told, errors.Join(wrong, err)
}

// login is one by which the running broker lets others in.
func (d DoorSettings) login() (login register.Login, err error) {
	if d.Username != "" && d.Password != "" {
		return register.Login{Username: d.Username, Password: d.Password}, nil
	}
	if d.CredentialsFile == "" {
		return login, errors.New("SECURITY_USER_NAME and SECURITY_USER_PASSWORD are needed, or CREDENTIALS_FILE, as for the running broker")
	}
	if login.Username, login.Password, err = door.FirstOf(d.CredentialsFile); err != nil {
		return login, fmt.Errorf("CREDENTIALS_FILE: %w", err)
	}
	return login, nil
}
