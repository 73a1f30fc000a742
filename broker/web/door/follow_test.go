package door_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func logTo(out *bytes.Buffer) lager.Logger {
	log := lager.NewLogger("test")
	log.RegisterSink(lager.NewWriterSink(out, lager.DEBUG))
	return log
}

// admits tells whether a door with the file lets the user in.
func admits(t *testing.T, file *door.Followed[door.Credentials], user, password string) bool {
	t.Helper()
	request := httptest.NewRequest("GET", "/", nil)
	request.SetBasicAuth(user, password)
	return door.New(door.Options{File: file, Registry: prometheus.NewRegistry()}).Admit(request) == nil
}

func TestCredentialsFile(t *testing.T) {
	for name, c := range map[string]struct{ text, problem, user, password string }{
		"one":               {"u:p", "", "u", "p"},
		"a line's end":      {"u:p\r\n", "", "u", "p"},
		"the second":        {"# ours\n\na:b\nu:p\n", "", "u", "p"},
		"two passwords":     {"u:old\nu:new\n", "", "u", "new"},
		"colons":            {"u:p:q:", "", "u", "p:q:"},
		"other scripts":     {"ü:pässwörd", "", "ü", "pässwörd"},
		"empty":             {"", "no line user:password", "", ""},
		"comments only":     {"# none yet\n", "no line user:password", "", ""},
		"no colon":          {"a:b\ns3cr3t\n", "line 2 isn't user:password", "", ""},
		"no user":           {":s3cr3t", "line 1 isn't user:password", "", ""},
		"no password":       {"s3cr3t:", "line 1 isn't user:password", "", ""},
		"white space":       {"u: s3cr3t", "line 1 has white space", "", ""},
		"control character": {"u:s3\x00cr3t", "line 1 has characters", "", ""},
		"invalid UTF-8":     {"u:s3\xffcr3t", "line 1 has characters", "", ""},
		"too many":          {strings.Repeat("u:s3cr3t\n", 101), "101 lines", "", ""},
		"too long":          {strings.Repeat("u:s3cr3t\n", 1<<18), "longer than", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "credentials")
			write(t, path, c.text)
			file, err := door.FollowCredentials("CREDENTIALS_FILE", path, lager.NewLogger("test"))
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), "CREDENTIALS_FILE: ") || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "s3") {
					t.Errorf("error %v, want %q and nothing of the file", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !admits(t, file, c.user, c.password) || admits(t, file, c.user, c.password+"x") || admits(t, file, "x", c.password) || admits(t, file, "", "") {
				t.Error("it lets in others than it should")
			}
		})
	}
}

// TestChangedFile goes through a file's fates, each twice, for the log to tell
// of it once.
func TestChangedFile(t *testing.T) {
	var out bytes.Buffer
	folder := t.TempDir()
	path := filepath.Join(folder, "credentials")
	write(t, path, "u:one")
	file, err := door.FollowCredentials("CREDENTIALS_FILE", path, logTo(&out))
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name          string
		change        func() error
		right, wrong  string
		problem, said string
	}{
		{"unchanged", func() error { return nil }, "one", "two", "", ""},
		{"two at once", func() error { write(t, path, "u:one\nu:two"); return nil }, "one", "three", "", "read-again"},
		{"the old one gone", func() error { write(t, path, "u:two"); return nil }, "two", "one", "", "read-again"},
		{"broken", func() error { write(t, path, "s3cr3t"); return nil }, "two", "s3cr3t", "line 1 isn't user:password", "not-read-again"},
		{"removed", func() error { return os.Remove(path) }, "two", "one", "no such file", "not-read-again"},
		{"back as it was", func() error { write(t, path, "u:two"); return nil }, "two", "one", "", "read-again"},
		{"a link that is swapped, as in Kubernetes", func() error { return swap(folder, path, "u:three") }, "three", "two", "", "read-again"},
		{"swapped again", func() error { return swap(folder, path, "u:fours") }, "fours", "three", "", "read-again"},
	}
	for _, step := range steps {
		out.Reset()
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		file.Refresh()
		file.Refresh()
		if !admits(t, file, "u", step.right) || admits(t, file, "u", step.wrong) {
			t.Errorf("%s: %s should be right, and %s wrong", step.name, step.right, step.wrong)
		}
		problem := file.Problem()
		if (step.problem == "") != (problem == nil) || problem != nil && !strings.Contains(problem.Error(), step.problem) {
			t.Errorf("%s: the problem is %v, want %q", step.name, problem, step.problem)
		}
		lines := strings.Count(out.String(), "\n")
		if (step.said == "") != (lines == 0) || lines > 1 || !strings.Contains(out.String(), step.said) || strings.Contains(out.String(), "s3cr3t") {
			t.Errorf("%s: the log says %q, want one line with %q", step.name, out.String(), step.said)
		}
	}
}

// swap has path lead to a file of the text, as the kubelet does: through a link
// to a folder, replaced at once.
func swap(folder, path, text string) error {
	data, err := os.MkdirTemp(folder, "..data-")
	if err != nil {
		return err
	}
	next, current := filepath.Join(folder, "..next"), filepath.Join(folder, "..data")
	err = errors.Join(os.WriteFile(filepath.Join(data, "credentials"), []byte(text), 0o600), os.Symlink(data, next), os.Rename(next, current))
	if _, missing := os.Readlink(path); missing != nil {
		return errors.Join(err, os.Remove(path), os.Symlink(filepath.Join("..data", "credentials"), path))
	}
	return err
}

// TestWatch takes a password back without anybody knocking.
func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	write(t, path, "u:one")
	synctest.Test(t, func(t *testing.T) {
		file, err := door.FollowCredentials("CREDENTIALS_FILE", path, lager.NewLogger("test"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go door.Watch(ctx, file)
		time.Sleep(10 * time.Second) // of the test's own clock
		if !admits(t, file, "u", "one") {
			t.Error("one should still be right")
		}
		write(t, path, "u:two")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if admits(t, file, "u", "one") {
			t.Error("one should be wrong by now")
		}
	})
}
