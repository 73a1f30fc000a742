package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// identity is who asked, as the log names them.
type identity struct {
	Platform string `json:"platform"`
	User     string `json:"user,omitempty"`
}

// originatingIdentity reads the header of that name: a platform's name and, in
// base64, a JSON object of the platform's own form (OSBAPI "Originating
// Identity"). Of that only the user's id is taken. It returns nil if there is
// no such header.
func originatingIdentity(header http.Header) *identity {
	platform, encoded, _ := strings.Cut(header.Get("X-Broker-API-Originating-Identity"), " ")
	if platform == "" {
		return nil
	}
	var value struct {
		UserID   string `json:"user_id"`  // Cloud Foundry
		Username string `json:"username"` // Kubernetes
	}
	// What can't be read leaves the user unnamed.
	if text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
		_ = json.Unmarshal(text, &value)
	}
	user := value.UserID
	if user == "" {
		user = value.Username
	}
	return &identity{Platform: short(platform), User: short(user)}
}

// short bounds what a client can put into the log. The log's encoder escapes it.
func short(text string) string {
	const longest = 100
	return strings.ToValidUTF8(text[:min(len(text), longest)], "")
}
