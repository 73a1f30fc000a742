package web

import (
	"net/http"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// identity is who asked, as the log names them.
type identity struct {
	Platform string `json:"platform"`
	User     string `json:"user,omitempty"`
}

// originatingHeader says who asked (OSBAPI "Originating Identity").
const originatingHeader = "X-Broker-API-Originating-Identity"

// originatingIdentity returns nil if the request doesn't say who asked.
func originatingIdentity(header http.Header) *identity {
	platform, user := record.Who(header.Get(originatingHeader))
	if platform == "" {
		return nil
	}
	return &identity{Platform: short(platform), User: short(user)}
}
