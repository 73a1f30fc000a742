package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// charts is what a reload and /readyz answer.
type chartsAnswer struct {
	Services []struct {
		Service, Version, Digest string
		Cut                      []string
	} `json:"services"`
	LeftOut []struct{ Chart, Error string } `json:"charts_left_out"`
}

func (a chartsAnswer) offers(want ...string) bool {
	names := []string{}
	for _, s := range a.Services {
		names = append(names, s.Service)
	}
	return slices.Equal(names, want)
}

// reload asks for the charts to be read again, and reads the catalog anew.
func (f *foundation) reload() (answer chartsAnswer) {
	f.t.Helper()
	f.must(f.want(200)(f.Send(f.t.Context(), http.MethodPost, "/admin/charts/reload", nil)).Decode(&answer))
	f.fetchCatalog()
	return answer
}

func (f *foundation) fetchCatalog() {
	f.t.Helper()
	var err error
	f.catalog, err = f.Catalog(f.t.Context())
	f.must(err)
}

func (f *foundation) readyz() (answer chartsAnswer) {
	f.t.Helper()
	f.must(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/readyz", nil)).Decode(&answer))
	return answer
}

// shelf is a folder that holds a copy of these chart folders, for a test to
// change.
func shelf(t *testing.T, charts ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, c := range charts {
		copyChart(t, c, filepath.Join(folder, filepath.Base(c)))
	}
	return folder
}

func copyChart(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// edit changes a text in a file.
func edit(t *testing.T, file, before, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), before) {
		t.Fatalf("%s holds no %q", file, before)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), before, after)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// second is another replica: a broker of the same records.
func (f *foundation) second() *foundation {
	f.t.Helper()
	other := *f
	other.start()
	return &other
}

// TestCutShort shows what the catalog has no room for where operators look.
func TestCutShort(t *testing.T) {
	folder := shelf(t, "charts/fixture")
	metadata := filepath.Join(folder, "fixture", "Chart.yaml")
	edit(t, metadata, "name: fixture", "name: fixture\nkeywords: [small, "+strings.Repeat("x", 3000)+"]")
	f := newFoundation(t, folder, nil)
	if s := f.catalog.Services[0]; !slices.Equal(s.Tags, []string{"small"}) {
		t.Errorf("tags %q", s.Tags)
	}
	const want = "keywords: 1 of 2 aren't shown in the catalog"
	for where, said := range map[string]string{"readyz": fmt.Sprint(f.readyz().Services[0].Cut), "reload": fmt.Sprint(f.reload().Services[0].Cut), "log": f.broker.Log()} {
		if !strings.Contains(said, want) {
			t.Errorf("%s says %q, want %q", where, said, want)
		}
	}
}

// TestReload changes the charts in each way that there is, with each way of
// telling the broker, which is told, or sees, that another replica was.
func TestReload(t *testing.T) {
	for name, tell := range map[string]func(f, other *foundation) error{
		"signal":  func(f, _ *foundation) error { return f.broker.Signal(syscall.SIGHUP) },
		"request": func(f, _ *foundation) error { f.reload(); return nil },
		"signal to another replica": func(_, other *foundation) error {
			return other.broker.Signal(syscall.SIGHUP)
		},
		"request to another replica": func(_, other *foundation) error { other.reload(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			folder := shelf(t, "charts/fixture")
			plans := filepath.Join(folder, "fixture", "plans.yaml")
			f := newFoundation(t, folder, nil)
			other := f.second()
			for _, step := range []struct {
				name    string
				change  func() error
				offered []string
				// description is of the fixture's first plan.
				description, leftOut string
			}{
				{"added", func() error {
					copyChart(t, "charts-templated/templated", filepath.Join(folder, "templated"))
					return nil
				}, []string{"fixture", "templated"}, "Runs", ""},
				{"changed", func() error { edit(t, plans, "description: Runs\n", "description: Changed\n"); return nil }, []string{"fixture", "templated"}, "Changed", ""},
				{"broken", func() error {
					return os.WriteFile(filepath.Join(folder, "templated", "plans.yaml"), []byte("- {name: x, file: missing.yaml}"), 0o600)
				}, []string{"fixture"}, "Changed", "missing.yaml"},
				{"removed", func() error { return os.RemoveAll(filepath.Join(folder, "templated")) }, []string{"fixture"}, "Changed", ""},
			} {
				f.must(step.change())
				f.must(tell(f, other))
				f.eventually(step.name, func() bool {
					f.fetchCatalog()
					charts := f.readyz()
					leftOut := ""
					for _, c := range charts.LeftOut {
						leftOut += c.Error
					}
					return charts.offers(step.offered...) && f.catalog.Services[0].Plans[0].Description == step.description &&
						(step.leftOut == "") == (leftOut == "") && strings.Contains(leftOut, step.leftOut)
				})
			}
		})
	}
}

// TestReloadAnswers says at once what came of it, and to whom it may be told.
func TestReloadAnswers(t *testing.T) {
	folder := shelf(t, "charts/fixture", "charts-templated/templated")
	list := filepath.Join(folder, "list.yaml")
	f := newFoundation(t, folder, nil)
	f.must(os.Remove(filepath.Join(folder, "templated", "bind.yaml")))
	f.must(os.WriteFile(filepath.Join(folder, "templated", "bind.yaml"), []byte("template: '{'"), 0o600))
	answer := f.reload()
	if !answer.offers("fixture") || len(answer.LeftOut) != 1 || !strings.HasSuffix(answer.LeftOut[0].Chart, "templated") || !strings.Contains(answer.LeftOut[0].Error, "bind.yaml") {
		t.Errorf("the reload answered %+v", answer)
	}
	stranger := *f.Client
	stranger.Password = "guess"
	f.want(401)(stranger.Send(t.Context(), http.MethodPost, "/admin/charts/reload", nil))
	f.want(405)(f.Send(t.Context(), http.MethodGet, "/admin/charts/reload", nil))

	// A list that has become wrong leaves the catalog as it is.
	f.must(os.WriteFile(list, []byte("- path: fixture\n"), 0o600))
	f.must(f.broker.Stop())
	f.settings["CHART_SOURCES"] = list
	f.start()
	f.must(os.WriteFile(list, []byte("- pth: fixture\n"), 0o600))
	refused, err := f.Send(t.Context(), http.MethodPost, "/admin/charts/reload", nil)
	f.must(err)
	if refused.Status < 500 || !strings.Contains(refused.Description(), `unknown key "pth"`) || strings.Contains(refused.Description(), "has read its charts again") {
		t.Errorf("with a wrong list the reload answered %d %s", refused.Status, refused.Body)
	}
	if charts := f.readyz(); !charts.offers("fixture") {
		t.Errorf("with a wrong list there is %+v", charts)
	}
}

// TestHangupWhileStarting doesn't end a broker that is still fetching its
// charts.
func TestHangupWhileStarting(t *testing.T) {
	asked, release := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	f := newFoundation(t, "charts", nil)
	list := filepath.Join(t.TempDir(), "list.yaml")
	f.must(os.WriteFile(list, []byte("- {repository: '"+server.URL+"', chart: x, version: 1.0.0}"), 0o600))
	f.must(f.broker.Stop())
	f.settings["CHART_SOURCES"], f.settings["CHART_CACHE_DIR"] = list, t.TempDir()
	f.settings["SECURITY_USER_NAME"], f.settings["SECURITY_USER_PASSWORD"], f.settings["PORT"] = "u", "p", "0"
	command := exec.CommandContext(t.Context(), binary)
	for name, value := range f.settings {
		command.Env = append(command.Env, name+"="+value)
	}
	output, err := command.StdoutPipe()
	f.must(err)
	f.must(command.Start())
	<-asked
	f.must(command.Process.Signal(syscall.SIGHUP))
	close(release)
	listening := false
	for lines := bufio.NewScanner(output); !listening && lines.Scan(); {
		listening = strings.Contains(lines.Text(), "cf-helm-broker.listening")
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	if err := command.Wait(); !listening || err != nil {
		t.Errorf("the broker was listening: %v, and ended with %v", listening, err)
	}
}

// TestReloadWhileServing drops no request, and has every instance live on the
// version that was offered when it was asked for, while versions come and go.
func TestReloadWhileServing(t *testing.T) {
	versions, folder := t.TempDir(), t.TempDir()
	offer := func(n int) {
		version := fmt.Sprintf("1.0.%d", n)
		copyChart(t, "charts-extras/light", filepath.Join(versions, version))
		edit(t, filepath.Join(versions, version, "Chart.yaml"), "1.0.0", version)
		offered := filepath.Join(folder, "light")
		if err := errors.Join(os.Symlink(filepath.Join(versions, version), offered+".next"), os.Rename(offered+".next", offered)); err != nil {
			t.Fatal(err)
		}
	}
	offer(0)
	f := newFoundation(t, folder, nil)
	i := f.create("light", "default", nil)
	over := make(chan struct{})
	clients := f.hammer(i, over)
	var made []rig.Instance
	for n := range 20 {
		offer(n + 1)
		for range 3 {
			one := rig.Instance{ID: uuid.NewString(), Service: i.Service, Plan: i.Plan}
			made = append(made, one)
			clients.Go(func() {
				if answer, err := f.Provision(t.Context(), one, nil); err != nil || answer.Status != 202 {
					t.Errorf("create: %d %s %v", answer.Status, answer.Body, err)
				}
			})
		}
		f.want(200)(f.Send(t.Context(), http.MethodPost, "/admin/charts/reload", nil))
	}
	close(over)
	clients.Wait()
	for _, one := range made {
		if o := f.ended(one, ""); o.State != "succeeded" {
			t.Errorf("a create during a reload ended as %+v", o)
		}
	}
}

// hammer asks without a pause for the catalog and the instance until over is
// closed, and wants every answer to be 200.
func (f *foundation) hammer(i rig.Instance, over <-chan struct{}) *sync.WaitGroup {
	var clients sync.WaitGroup
	for _, path := range []string{"/v2/catalog", "/v2/service_instances/" + i.ID, "/v2/service_instances/" + i.ID + "/last_operation"} {
		clients.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if answer, err := f.Send(f.t.Context(), http.MethodGet, path, nil); err != nil || answer.Status != 200 {
					f.t.Errorf("GET %s: %d %s %v", path, answer.Status, answer.Body, err)
				}
			}
		})
	}
	return &clients
}
