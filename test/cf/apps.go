package cf

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// The states of an app. A stopped app is as live as a started one to the policy
// server's cleanup.
const (
	Started = "STARTED"
	Stopped = "STOPPED"
)

// App is an app of the cloud controller.
type App struct {
	GUID        string            `json:"guid"`
	Name        string            `json:"name"`
	State       string            `json:"state"`
	Space       string            `json:"space"` // its GUID
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`

	staged           bool // has a droplet, so that it can start
	created, updated time.Time
}

// AddApp adds a live app, or replaces the one with its GUID, and returns it with
// what wasn't given: a random GUID, the GUID as its name, state STARTED, and
// Server.Space.
func (s *Server) AddApp(app App) App {
	app.GUID = cmp.Or(app.GUID, uuid.NewString())
	app.Name = cmp.Or(app.Name, app.GUID)
	app.State = cmp.Or(app.State, Started)
	app.Space = cmp.Or(app.Space, s.cc.defaultSpace)
	app.staged = true
	return s.cc.putApp(app)
}

// DeleteApp deletes an app, if it is there. Its policies stay until the next
// cleanup.
func (s *Server) DeleteApp(guid string) { s.cc.removeApp(guid) }

// Apps are the apps now, oldest first.
func (s *Server) Apps() []App { return s.cc.allApps() }

func (c *cloudController) putApp(app App) App {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(app)
}

// put stores an app with the times of its creation and change. The caller holds
// the lock.
func (c *cloudController) put(app App) App {
	app.Labels = notNil(app.Labels)
	app.Annotations = notNil(app.Annotations)
	app.updated = c.now().UTC()
	if app.created.IsZero() {
		app.created = app.updated
	}
	c.apps[app.GUID] = app
	return app
}

// notNil copies the map: a stored app shares nothing with its caller.
func notNil(from map[string]string) map[string]string {
	if from == nil {
		return map[string]string{}
	}
	return maps.Clone(from)
}

// insertApp adds an app unless its space has one of that name.
func (c *cloudController) insertApp(app App) (App, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken(app) {
		return App{}, false
	}
	return c.put(app), true
}

var errNameTaken, errAppGone = errors.New("the name is taken"), errors.New("the app is gone")

// changeApp applies a change to an app, stores it and returns it. It fails with
// errAppGone or, if the change takes a name that another app of the space has,
// with errNameTaken and the app as it would have been.
func (c *cloudController) changeApp(guid string, change func(*App)) (App, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	app, ok := c.apps[guid]
	if !ok {
		return App{}, errAppGone
	}
	change(&app)
	if c.taken(app) {
		return app, errNameTaken
	}
	return c.put(app), nil
}

func (c *cloudController) taken(app App) bool {
	for _, other := range c.apps {
		if other.Name == app.Name && other.Space == app.Space && other.GUID != app.GUID {
			return true
		}
	}
	return false
}

func (c *cloudController) removeApp(guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.apps, guid)
}

func (c *cloudController) app(guid string) (App, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	app, ok := c.apps[guid]
	return app, ok
}

func (c *cloudController) allApps() []App {
	c.mu.Lock()
	defer c.mu.Unlock()
	apps := slices.AppendSeq([]App{}, maps.Values(c.apps))
	slices.SortFunc(apps, func(a, b App) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.GUID, b.GUID))
	})
	return apps
}
