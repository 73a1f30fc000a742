package measure

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"time"
)

// OwnToken names the token that the kubelet renews by itself.
const OwnToken = "service-account"

// CertificatesEnd is when the first of the PEM certificates ends; false: there is none
// that can be read. A chain is worth nothing without any of its links.
func CertificatesEnd(text []byte) (end time.Time, found bool) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue // a key, beside it in the file
		}
		if !found || certificate.NotAfter.Before(end) {
			end, found = certificate.NotAfter, true
		}
	}
	return end, found
}

// TokenEnd is when the token ends, if it is a JWT that says so: a token of another kind
// ends when whoever has issued it wants.
func TokenEnd(token string) (end time.Time, found bool) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Expires float64 `json:"exp"`
	}
	if json.Unmarshal(text, &claims) != nil || claims.Expires <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.Expires), 0), true
}
