package instance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// redact takes the values' strings out of an error's text. Charts, schemas and
// the API server quote what they refuse, and any value may be a secret. What
// Kubernetes says of a pod's state isn't touched: it names images, not values.
func redact(err error, values map[string]any) error {
	var notReady *readiness.NotReadyError
	if err == nil || errors.As(err, &notReady) {
		return err
	}
	var secrets []string
	collect(values, &secrets)
	// The longest first: one may be part of another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	clean := func(text string) string {
		for _, secret := range secrets {
			for _, form := range []string{secret, strings.Trim(fmt.Sprintf("%q", secret), `"`), base64.StdEncoding.EncodeToString([]byte(secret))} {
				text = strings.ReplaceAll(text, form, "[redacted]")
			}
		}
		return text
	}
	r := redacted{error: err, text: clean(err.Error())}
	for _, object := range manifest.Unnamed(err) {
		r.unnamed = append(r.unnamed, clean(object))
	}
	return r
}

// unnamed is for the log: what the words of the error leave out for the sake of
// who reads them.
func unnamed(err error) lager.Data {
	var clean redacted
	objects := manifest.Unnamed(err)
	if errors.As(err, &clean) {
		objects = clean.unnamed
	}
	if len(objects) == 0 {
		return lager.Data{}
	}
	return lager.Data{"and": objects}
}

// collect gathers the strings that are long enough to be a secret.
func collect(value any, found *[]string) {
	const shortest = 4
	switch v := value.(type) {
	case string:
		if len(v) >= shortest {
			*found = append(*found, v)
		}
	case map[string]any:
		for _, item := range v {
			collect(item, found)
		}
	case []any:
		for _, item := range v {
			collect(item, found)
		}
	}
}

// redacted keeps the error for errors.Is and errors.As, and changes its words.
type redacted struct {
	error
	text    string
	unnamed []string
}

func (r redacted) Error() string { return r.text }
func (r redacted) Unwrap() error { return r.error }
