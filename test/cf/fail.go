package cf

import (
	"bytes"
	"io"
	"net/http"
)

// elsewhere is where the Redirect fault leads.
const elsewhere = "/_standin/login"

// fail answers a request as its fault has it; next is who would have served it.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, part Part, fault Fault, next http.Handler) {
	switch fault.Kind {
	case Slow:
		s.failSlow(w, r, fault, next)
	case AnswerLost:
		next.ServeHTTP(&discard{header: http.Header{}}, r)
		hangUp(w)
	case ServerError:
		failWith(w, part, http.StatusInternalServerError)
	case Unauthorized:
		failWith(w, part, http.StatusUnauthorized)
	case Forbidden:
		failWith(w, part, http.StatusForbidden)
	case InvalidJSON:
		_, _ = io.WriteString(w, `{"total_policies": 1, "policies": [`)
	case Redirect:
		http.Redirect(w, r, s.url+elsewhere, http.StatusFound)
	case Unrouted:
		w.Header().Set("X-Cf-RouterError", "unknown_route")
		http.Error(w, "404 Not Found: Requested route ('"+r.Host+"') does not exist.", http.StatusNotFound)
	default:
		hangUp(w)
	}
}

// failSlow reads the body before it waits: only then does net/http notice that
// the client has gone.
func (s *Server) failSlow(w http.ResponseWriter, r *http.Request, fault Fault, next http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*maxBody))
	if err != nil {
		hangUp(w)
		return
	}
	if pause(r.Context(), fault.Delay) != nil {
		hangUp(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	next.ServeHTTP(w, r)
}

// failWith answers with a status in the part's error format.
func failWith(w http.ResponseWriter, part Part, status int) {
	switch part {
	case PolicyAPI:
		failPolicy(w, status)
	case UAA:
		failUAA(w, status)
	case CredHub:
		failCredHub(w, status)
	default:
		failCC(w, status)
	}
}

func failPolicy(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		unauthorized(w, "failed to verify token with uaa")
	case http.StatusForbidden:
		writePolicyError(w, status, "policy quota exceeded")
	default:
		writePolicyError(w, status, "database read failed")
	}
}

func failUAA(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		writeUAAError(w, status, "unauthorized", "Bad credentials")
	case http.StatusForbidden:
		writeUAAError(w, status, "access_denied", "Access is denied")
	default:
		writeUAAError(w, status, "server_error", "The server had an internal error")
	}
}

func failCC(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		writeCCError(w, status, 1000, "CF-InvalidAuthToken", "Invalid Auth Token")
	case http.StatusForbidden:
		notAuthorized(w)
	default:
		writeCCError(w, status, 10001, "UnknownError", "An unknown error occurred.")
	}
}

// hangUp closes the connection. One byte goes out before: a client whose idle
// connection closes without any sends a GET again by itself, and a fault of one
// request would go unseen.
func hangUp(w http.ResponseWriter) {
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // closes the connection too
	}
	_, _ = buffered.WriteString("H")
	_ = buffered.Flush()
	_ = connection.Close()
}

// discard takes an answer that nobody will get.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
