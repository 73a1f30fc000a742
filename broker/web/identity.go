package web

import (
	"net/http"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// identity is who asked, as the log names them.
type identity struct {
	Platform string `json:"platform"`
	User     string `json:"user,omitempty"`
}

// originatingIdentity returns nil if the request doesn't say who asked.
func originatingIdentity(header http.Header) *identity {
	platform, user := record.Who(header.Get("X-Broker-API-Originating-Identity"))
	if platform == "" {
		return nil
	}
	return &identity{Platform: short(platform), User: short(user)}
}

// short bounds what a client can put into the log. The log's encoder escapes it.
func short(text string) string {
	const longest = 100
	return strings.ToValidUTF8(text[:min(len(text), longest)], "")
}
