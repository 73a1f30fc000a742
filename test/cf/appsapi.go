package cf

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"
)

// appRequest is the body of a create or an update: what it doesn't hold stays.
// A null label or annotation is removed.
type appRequest struct {
	Name          string `json:"name"`
	Relationships struct {
		Space toOne `json:"space"`
	} `json:"relationships"`
	Metadata struct {
		Labels      map[string]*string `json:"labels"`
		Annotations map[string]*string `json:"annotations"`
	} `json:"metadata"`
}

func (s *Server) listApps(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names", "space_guids", "organization_guids", "label_selector")
	if !ok {
		return
	}
	found := slices.DeleteFunc(s.cc.allApps(), func(a App) bool {
		return !caller.sees(a.Space) || !query.has("guids", a.GUID) || !query.has("names", a.Name) ||
			!query.has("space_guids", a.Space) || !query.has("organization_guids", s.cc.orgOf(a.Space)) ||
			!query.selects(a.Labels)
	})
	writePage(w, s.url+r.URL.Path, query, found, s.showApp)
}

func (s *Server) getApp(w http.ResponseWriter, r *http.Request, caller Client) {
	app, ok := s.cc.app(r.PathValue("guid"))
	if !ok || !caller.sees(app.Space) {
		notFound(w, "App")
		return
	}
	writeJSON(w, http.StatusOK, s.showApp(app))
}

func (s *Server) createApp(w http.ResponseWriter, r *http.Request, caller Client) {
	request, ok := readApp(w, r)
	if !ok {
		return
	}
	space := request.Relationships.Space.Data.GUID
	if _, exists := s.cc.space(space); !exists || !caller.sees(space) {
		unprocessable(w, "Invalid space. Ensure that the space exists and you have access to it.")
		return
	}
	if !caller.develops(space) {
		notAuthorized(w)
		return
	}
	if request.Name == "" {
		unprocessable(w, "Name can't be blank")
		return
	}
	app := App{GUID: uuid.NewString(), State: Stopped, Space: space}
	request.apply(&app)
	if app, ok = s.cc.insertApp(app); !ok {
		nameTaken(w, request.Name)
		return
	}
	writeJSON(w, http.StatusCreated, s.showApp(app))
}

func (s *Server) updateApp(w http.ResponseWriter, r *http.Request, caller Client) {
	request, ok := readApp(w, r)
	if !ok {
		return
	}
	s.change(w, r, caller, request.apply)
}

// deleteApp answers as the cloud controller with a job, which is already done
// unless Server.SetJobs says otherwise.
func (s *Server) deleteApp(w http.ResponseWriter, r *http.Request, caller Client) {
	app, ok := s.ownApp(w, r, caller)
	if !ok {
		return
	}
	w.Header().Set("Location", s.url+"/v3/jobs/"+s.cc.addJob("app.delete", app.GUID))
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) startApp(w http.ResponseWriter, r *http.Request, caller Client) {
	if app, ok := s.cc.app(r.PathValue("guid")); ok && caller.develops(app.Space) && !app.staged {
		unprocessable(w, "Assign a droplet before starting this app.")
		return
	}
	s.change(w, r, caller, func(a *App) { a.State = Started })
}

func (s *Server) stopApp(w http.ResponseWriter, r *http.Request, caller Client) {
	s.change(w, r, caller, func(a *App) { a.State = Stopped })
}

// change changes an app of the caller's and answers with it.
func (s *Server) change(w http.ResponseWriter, r *http.Request, caller Client, change func(*App)) {
	app, ok := s.ownApp(w, r, caller)
	if !ok {
		return
	}
	changed, err := s.cc.changeApp(app.GUID, change)
	switch {
	case errors.Is(err, errAppGone):
		notFound(w, "App")
	case errors.Is(err, errNameTaken):
		nameTaken(w, changed.Name)
	default:
		writeJSON(w, http.StatusOK, s.showApp(changed))
	}
}

// ownApp finds the app that the caller wants to change, else answers why not.
func (s *Server) ownApp(w http.ResponseWriter, r *http.Request, caller Client) (App, bool) {
	app, ok := s.cc.app(r.PathValue("guid"))
	if !ok || !caller.sees(app.Space) {
		notFound(w, "App")
		return App{}, false
	}
	if !caller.develops(app.Space) {
		notAuthorized(w)
		return App{}, false
	}
	return app, true
}

func readApp(w http.ResponseWriter, r *http.Request) (request appRequest, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&request); err != nil {
		writeCCError(w, http.StatusBadRequest, 1001, "CF-MessageParseError", "Request invalid due to parse error: invalid request body")
		return appRequest{}, false
	}
	return request, true
}

func (request appRequest) apply(app *App) {
	if request.Name != "" {
		app.Name = request.Name
	}
	app.Labels = merge(app.Labels, request.Metadata.Labels)
	app.Annotations = merge(app.Annotations, request.Metadata.Annotations)
}

func merge(old map[string]string, changes map[string]*string) map[string]string {
	merged := notNil(old)
	for key, value := range changes {
		if value == nil {
			delete(merged, key)
			continue
		}
		merged[key] = *value
	}
	return merged
}

func nameTaken(w http.ResponseWriter, name string) {
	writeCCError(w, http.StatusUnprocessableEntity, 10016, "CF-UniquenessError",
		fmt.Sprintf("App with the name '%s' already exists.", name))
}
