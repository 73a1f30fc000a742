package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// replace writes a file anew at once, as a mounted Secret changes.
func replace(t *testing.T, file, text string) {
	t.Helper()
	if err := errors.Join(os.WriteFile(file+".next", []byte(text), 0o600), os.Rename(file+".next", file)); err != nil {
		t.Fatal(err)
	}
}

// as is a client with another password.
func (f *foundation) as(password string) *rig.Client {
	other := *f.Client
	other.Password = password
	return &other
}

// steady asks for the catalog without a pause until it is told to stop, and
// wants 200 every time.
func (f *foundation) steady(client *rig.Client) (stop func()) {
	over, running := make(chan struct{}), sync.WaitGroup{}
	for range 3 {
		running.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				if answer, err := client.Send(f.t.Context(), http.MethodGet, "/v2/catalog", nil); err != nil || answer.Status != 200 {
					f.t.Errorf("request %d: %d %s %v", n, answer.Status, answer.Body, err)
					return
				}
			}
		})
	}
	return func() { close(over); running.Wait() }
}

// files are what /readyz says of the files.
func (f *foundation) files() map[string]string {
	f.t.Helper()
	var ready struct{ Files map[string]string }
	f.must(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/readyz", nil)).Decode(&ready))
	return ready.Files
}

// TestDoorRotation changes the password while requests are running, of which
// none fails with either password as long as that is right.
func TestDoorRotation(t *testing.T) {
	const before, after = rig.Password, "s3cr3t-after"
	file := filepath.Join(t.TempDir(), "credentials")
	replace(t, file, rig.Username+":"+before+"\n")
	f := newFoundation(t, "charts", map[string]string{"SECURITY_USER_NAME": "", "SECURITY_USER_PASSWORD": "", "CREDENTIALS_FILE": file})
	stopOld := f.steady(f.as(before))
	f.want(401)(f.as(after).Send(t.Context(), http.MethodGet, "/v2/catalog", nil))

	replace(t, file, rig.Username+":"+before+"\n"+rig.Username+":"+after+"\n")
	stopNew := f.steady(f.as(after)) // right with the first request
	i := f.create("fixture", "plain", nil)
	stopOld()

	f.Client = f.as(after) // the platform has changed over
	replace(t, file, rig.Username+":"+after+"\n")
	f.eventually("the old password is wrong", func() bool {
		answer, err := f.as(before).Send(t.Context(), http.MethodGet, "/v2/catalog", nil)
		return err == nil && answer.Status == http.StatusUnauthorized
	})

	replace(t, file, after) // no user
	f.eventually("/readyz tells of the broken file", func() bool { return strings.Contains(f.files()["CREDENTIALS_FILE"], "line 1 isn't user:password") })
	if !strings.Contains(f.metrics(), `cf_helm_broker_file_usable{setting="CREDENTIALS_FILE"} 0`) {
		t.Error("the metrics don't tell of the broken file")
	}
	f.delete(i)
	replace(t, file, rig.Username+":"+after+"\n")
	f.eventually("/readyz tells that it is mended", func() bool { return f.files()["CREDENTIALS_FILE"] == "ok" })
	stopNew()
	log := f.broker.Log()
	if strings.Count(log, "door.not-read-again") != 1 || strings.Contains(log, after) || strings.Contains(log, before) {
		t.Errorf("the log should tell of the broken file once, and hold no password:\n%s", rig.WithoutPolls(log))
	}
}

// from is a client that comes from another address of this machine.
func (f *foundation) from(address string) *rig.Client {
	other := *f.Client
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	other.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, to)
	}}}
	f.t.Cleanup(other.HTTP.CloseIdleConnections)
	return &other
}

// guess tries words as passwords and returns the one that opens the door.
func (f *foundation) guess(words []string) (found string, statuses map[int]int) {
	f.t.Helper()
	statuses = map[int]int{}
	for _, word := range words {
		answer, err := f.as(word).Send(f.t.Context(), http.MethodGet, "/v2/catalog", nil)
		f.must(err)
		statuses[answer.Status]++
		if answer.Status == 200 {
			found = word
		}
	}
	return found, statuses
}

// TestDoorGuessing has a dictionary find a bad password, unless guesses are
// slowed, which nobody else feels.
func TestDoorGuessing(t *testing.T) {
	words := []string{}
	for n := range 100 {
		words = append(words, fmt.Sprintf("word-%d", n))
	}
	bad := map[string]string{"SECURITY_USER_PASSWORD": words[50]}
	t.Run("without the limit", func(t *testing.T) {
		f := newFoundation(t, "charts", map[string]string{"SECURITY_USER_PASSWORD": words[50], "FAILED_LOGINS_PER_MINUTE": "0"})
		if found, statuses := f.guess(words); found != words[50] {
			t.Errorf("the guesses found %q, with the answers %v", found, statuses)
		}
	})
	t.Run("with the limit", func(t *testing.T) {
		f := newFoundation(t, "charts", bad)
		found, statuses := f.guess(words)
		if found != "" || statuses[429] < 80 {
			t.Errorf("the guesses found %q, with the answers %v", found, statuses)
		}
		answer := f.want(429)(f.as(words[50]).Send(t.Context(), http.MethodGet, "/v2/catalog", nil))
		if answer.Header.Get("Retry-After") == "" || !strings.Contains(answer.Description(), "too many wrong passwords") {
			t.Errorf("the answer is %v %s", answer.Header, answer.Body)
		}
		platform := f.from("127.0.0.2")
		platform.Password = words[50]
		f.want(200)(platform.Send(t.Context(), http.MethodGet, "/v2/catalog", nil))
		metrics := string(f.want(200)(platform.Send(t.Context(), http.MethodGet, "/metrics", nil)).Body)
		if !strings.Contains(metrics, fmt.Sprintf("cf_helm_broker_failed_logins_total{reason=%q} %d\n", "wrong", statuses[401]+1)) { // newFoundation has knocked, too
			t.Errorf("the metrics don't tell of the answers %v: %s", statuses, metrics)
		}
	})
	t.Run("behind a proxy", func(t *testing.T) {
		f := newFoundation(t, "charts", map[string]string{"TRUSTED_PROXIES": "127.0.0.1"})
		through := func(client *rig.Client, password, forwarded string) int {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/v2/catalog", nil)
			f.must(err)
			request.SetBasicAuth(rig.Username, password)
			request.Header.Set("X-Broker-API-Version", "2.17")
			request.Header.Set("X-Forwarded-For", forwarded)
			answer, err := client.Do(request)
			f.must(err)
			return answer.Status
		}
		refused := 0
		for n := range 30 {
			// What stands before the proxy's own word is made up.
			if through(f.Client, "guess", fmt.Sprintf("203.0.113.%d, 198.51.100.1", n)) == 429 {
				refused++
			}
		}
		if refused < 15 {
			t.Errorf("%d of 30 guesses were refused", refused)
		}
		if status := through(f.Client, rig.Password, "198.51.100.2"); status != 200 {
			t.Errorf("another behind the proxy gets %d", status)
		}
		// Whoever isn't a proxy can't hide.
		stranger := f.from("127.0.0.3")
		refused = 0
		for n := range 30 {
			if through(stranger, "guess", fmt.Sprintf("203.0.113.%d", n)) == 429 {
				refused++
			}
		}
		if refused < 15 {
			t.Errorf("%d of 30 guesses with a header made up were refused", refused)
		}
	})
}

// TestDoorLimits ends what is too long, and what takes too long.
func TestDoorLimits(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/v2/catalog", nil)
	f.must(err)
	request.Header.Set("X-Long", strings.Repeat("x", 100<<10))
	answer, err := f.Do(request)
	f.must(err)
	if answer.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 100 kB is answered with %d", answer.Status)
	}
	connection, err := net.Dial("tcp", strings.TrimPrefix(f.URL, "http://"))
	f.must(err)
	defer func() { _ = connection.Close() }()
	_, err = connection.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Never-Ending: "))
	f.must(err)
	if line, err := bufio.NewReader(connection).ReadString('\n'); err == nil && !strings.Contains(line, " 408 ") && !strings.Contains(line, " 400 ") {
		t.Errorf("a header that doesn't end is answered with %q", line)
	}
}

// TestDoorStatus tells strangers nothing of what the broker offers.
func TestDoorStatus(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	stranger := func(f *foundation, path string) rig.Answer {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+path, nil)
		f.must(err)
		answer, err := f.Do(request)
		f.must(err)
		return answer
	}
	if answer := stranger(f, "/readyz"); answer.Status != 200 || string(answer.Body) != "{\"ready\":true}\n" {
		t.Errorf("/readyz: %d %s", answer.Status, answer.Body)
	}
	if answer := stranger(f, "/metrics"); answer.Status != 401 {
		t.Errorf("/metrics: %d %s", answer.Status, answer.Body)
	}
	f.must(f.broker.Stop())
	f.settings["PUBLIC_STATUS"] = "true"
	f.start()
	if answer := stranger(f, "/readyz"); answer.Status != 200 || !strings.Contains(string(answer.Body), "fixture") {
		t.Errorf("public /readyz: %d %s", answer.Status, answer.Body)
	}
	if answer := stranger(f, "/metrics"); answer.Status != 200 || !strings.Contains(string(answer.Body), "cf_helm_broker_leading") {
		t.Errorf("public /metrics: %d %s", answer.Status, answer.Body)
	}
}
