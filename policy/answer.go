package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
)

// Error is an answer of the policy server, or of UAA, that refuses the request.
type Error struct {
	Server  string
	Status  int
	Message string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s answered %d", e.Server, e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// tokenError keeps UAA's status and error code, and not its whole answer. Any
// other error stays as it is.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return err
	}
	return &Error{
		Server:  "UAA",
		Status:  refused.Response.StatusCode,
		Message: refused.ErrorCode + "; check the client's id, secret and authorities",
	}
}

// limit bounds what is read of an answer: 65,535 policy groups with some
// policies each fit.
const limit = 256 << 20

func read(response *http.Response, answer any) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return &Error{Server: "the policy server", Status: response.StatusCode, Message: message(text)}
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("the policy server's answer isn't valid JSON: %w", err)
	}
	return nil
}

// message reads an error's text leniently: the policy server's error bodies
// can be invalid JSON and carry no Content-Type.
func message(text []byte) string {
	const longest = 500
	var parsed struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &parsed) == nil && parsed.Error != "" {
		text = []byte(parsed.Error)
	}
	if len(text) > longest {
		text = text[:longest]
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(text)), "")
}
