package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// doorFiles are the files that say who may come in; nil where there is none.
type doorFiles struct {
	credentials *door.Followed[door.Credentials]
	certificate *door.Followed[*tls.Certificate]
	clientCAs   *door.Followed[*x509.CertPool]
}

// followFiles reads the files, and reports everything that is wrong with them.
func followFiles(d DoorSettings, log lager.Logger) (doorFiles, error) {
	var files doorFiles
	var wrong [3]error
	log = log.Session("door")
	if d.CredentialsFile != "" {
		files.credentials, wrong[0] = door.FollowCredentials("CREDENTIALS_FILE", d.CredentialsFile, log)
	}
	if d.TLSCertFile != "" && d.TLSKeyFile != "" {
		files.certificate, wrong[1] = door.FollowCertificate("TLS_CERT_FILE", d.TLSCertFile, d.TLSKeyFile, log)
	}
	if d.TLSClientCAFile != "" {
		files.clientCAs, wrong[2] = door.FollowClientCAs("TLS_CLIENT_CA_FILE", d.TLSClientCAFile, log)
	}
	return files, errors.Join(wrong[:]...)
}

func newDoor(d DoorSettings, files doorFiles, registry prometheus.Registerer) (*door.Door, error) {
	proxies, err := door.ParseProxies(d.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	options := door.Options{File: files.credentials, ClientCAs: files.clientCAs, FailuresPerMinute: d.FailedLogins, Proxies: proxies, Registry: registry}
	if d.Username != "" {
		options.Fixed = door.NewCredentials(d.Username, d.Password)
	}
	return door.New(options), nil
}

// tls returns nil where the broker speaks plain HTTP.
func (f doorFiles) tls() *tls.Config {
	if f.certificate == nil {
		return nil
	}
	return door.TLSConfig(f.certificate, f.clientCAs)
}

func (f doorFiles) all() (all []door.Refresher) {
	if f.credentials != nil {
		all = append(all, f.credentials)
	}
	if f.certificate != nil {
		all = append(all, f.certificate)
	}
	if f.clientCAs != nil {
		all = append(all, f.clientCAs)
	}
	return all
}

func (f doorFiles) watch(ctx context.Context) { door.Watch(ctx, f.all()...) }

// problems are for /readyz.
func (f doorFiles) problems() map[string]func() error {
	problems := map[string]func() error{}
	for _, file := range f.all() {
		problems[file.Setting()] = file.Problem
	}
	return problems
}
