package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/pivotal-cf/brokerapi/v10/domain"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// issuing is a broker whose bindings' endpoints are noted for addEndpoints.
type issuing struct{ domain.ServiceBroker }

type endpointsKey struct{}

// Bind makes the binding.
func (i issuing) Bind(ctx context.Context, instanceID, id string, details domain.BindDetails, asyncAllowed bool) (domain.Binding, error) {
	made, err := i.ServiceBroker.Bind(ctx, instanceID, id, details, asyncAllowed)
	note(ctx, made.Credentials)
	return made, err
}

// GetBinding fetches the binding.
func (i issuing) GetBinding(ctx context.Context, instanceID, id string, details domain.FetchBindingDetails) (domain.GetBindingSpec, error) {
	found, err := i.ServiceBroker.GetBinding(ctx, instanceID, id, details)
	note(ctx, found.Credentials)
	return found, err
}

func note(ctx context.Context, credentials any) {
	issued, is := credentials.(record.Issued)
	if w, found := ctx.Value(endpointsKey{}).(*endpointsWriter); is && found {
		w.endpoints = issued.Endpoints
	}
}

// addEndpoints adds the endpoints (OSBAPI "Binding", since 2.14) to an answer that
// hands out a binding: brokerapi has no field for them.
func addEndpoints(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writer := &endpointsWriter{ResponseWriter: w}
		next.ServeHTTP(writer, r.WithContext(context.WithValue(r.Context(), endpointsKey{}, writer)))
		if writer.kept.Len() > 0 {
			writer.flush()
		}
	})
}

// endpointsWriter keeps an answer back as soon as there are endpoints to add.
type endpointsWriter struct {
	http.ResponseWriter
	endpoints []record.Endpoint
	kept      bytes.Buffer
}

func (w *endpointsWriter) Write(body []byte) (int, error) {
	if len(w.endpoints) == 0 {
		return w.ResponseWriter.Write(body)
	}
	return w.kept.Write(body)
}

// flush sends what was kept back: as it is, should it be no JSON object.
func (w *endpointsWriter) flush() {
	var answer map[string]json.RawMessage
	endpoints, err := json.Marshal(w.endpoints)
	if err != nil || json.Unmarshal(w.kept.Bytes(), &answer) != nil {
		_, _ = w.ResponseWriter.Write(w.kept.Bytes())
		return
	}
	answer["endpoints"] = endpoints
	encoder := json.NewEncoder(w.ResponseWriter)
	encoder.SetEscapeHTML(false)
	// The client that has gone away doesn't miss its answer.
	_ = encoder.Encode(answer)
}
