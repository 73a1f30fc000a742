package cfapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// limit bounds what is read of an answer: 65,535 policy groups with some
// policies each fit.
const limit = 256 << 20

// notJSON is what to look at when an answer isn't what CF would say.
func (n Names) notJSON() string {
	return n.check() + " and that no proxy or login page answers in its place"
}

func read(response *http.Response, r Request) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", r.Part, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusal(r, response, text)
	}
	if r.Answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, r.Answer); err != nil {
		return fmt.Errorf("the answer of %s isn't valid JSON: %w; %s", r.Part, err, r.names.notJSON())
	}
	return nil
}

func refusal(r Request, response *http.Response, text []byte) *policy.Error {
	refused := &policy.Error{Server: string(r.Part), Status: response.StatusCode, Message: message(text)}
	if location, err := response.Location(); err == nil && response.StatusCode < http.StatusBadRequest {
		// Not its query, which may hold what is nobody's business.
		refused.Message = fmt.Sprintf("it redirects to %s://%s%s", location.Scheme, location.Host, location.EscapedPath())
	}
	refused.Fix = fix(r, refused)
	return refused
}

// message reads an error's text leniently: the policy server's error bodies
// can be invalid JSON and carry no Content-Type, and CF's router answers in
// plain text.
func message(text []byte) string {
	const longest = 500
	words := string(text)
	var policyError struct {
		Error string `json:"error"`
	}
	var ccErrors resource.CloudFoundryErrors
	switch {
	case json.Unmarshal(text, &policyError) == nil && policyError.Error != "":
		words = policyError.Error
	case json.Unmarshal(text, &ccErrors) == nil && len(ccErrors.Errors) > 0:
		words = detailsOf(ccErrors.Errors)
	}
	if len(words) > longest {
		words = words[:longest]
	}
	return strings.ToValidUTF8(strings.TrimSpace(words), "")
}

// detailsOf joins the cloud controller's words.
func detailsOf(refusals []resource.CloudFoundryError) string {
	details := make([]string, len(refusals))
	for i, e := range refusals {
		details[i] = fmt.Sprintf("%s (%s)", e.Detail, e.Title)
	}
	return strings.Join(details, ", ")
}
