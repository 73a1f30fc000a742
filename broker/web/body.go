package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/pivotal-cf/brokerapi/v10/domain"
)

// fields are those of OSBAPI's request bodies, as brokerapi reads them, so that
// a field of another type is refused by name.
type fields struct {
	domain.ProvisionDetails
	AppGUID      string               `json:"app_guid"`
	BindResource *domain.BindResource `json:"bind_resource"`
	Context      map[string]any       `json:"context"`
	// brokerapi's handlers of updates read it; this broker offers none.
	PreviousValues domain.PreviousValues `json:"previous_values"`
}

// checkBody refuses bodies that are too long or not the JSON object that
// OSBAPI asks for. brokerapi reads bodies of any length, and answers malformed
// ones with 422 where OSBAPI says 400.
func checkBody(limit int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut && r.Method != http.MethodPatch {
			next.ServeHTTP(w, r)
			return
		}
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			// Not 413, which Korifi asks again for ever.
			reject(w, http.StatusBadRequest, fmt.Sprintf("the request's body is longer than %d bytes; give shorter parameters", limit))
			return
		}
		if err != nil {
			reject(w, http.StatusBadRequest, "the request's body ended early")
			return
		}
		var named fields
		err = checkJSON(text, &named)
		if err == nil {
			err = named.checkLengths()
		}
		if err != nil {
			reject(w, http.StatusBadRequest, err.Error())
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		next.ServeHTTP(w, r.WithContext(withPlan(r.Context(), named.ServiceID, named.PlanID)))
	})
}

// checkJSON says what is wrong without quoting the body, which may hold
// secrets.
func checkJSON(text []byte, into *fields) error {
	err := json.Unmarshal(text, into)
	var wrongType *json.UnmarshalTypeError
	var malformed *json.SyntaxError
	switch {
	case err == nil && !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return errors.New("the request's body must be a JSON object")
	case err == nil:
		return nil
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return errors.New("the request's body must be a JSON object")
	case errors.As(err, &wrongType):
		return fmt.Errorf("the request's field %s has the wrong type, it must be a %s", wrongType.Field, jsonType(wrongType.Type.Kind().String()))
	case errors.As(err, &malformed):
		return fmt.Errorf("the request's body isn't valid JSON: malformed at byte %d", malformed.Offset)
	}
	return errors.New("the request's body isn't valid JSON")
}

func jsonType(kind string) string {
	if kind == "map" || kind == "struct" {
		return "JSON object"
	}
	return kind
}

// jsonBody has brokerapi read every body as JSON: it asks for form values, for
// which Go would use up the body of a client that calls it a form, as curl
// does by default.
func jsonBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		next.ServeHTTP(w, r)
	})
}
