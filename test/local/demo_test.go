package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// TestDemo runs `make demo` as it is, and sees that it shows what it is for
// and leaves nothing behind.
func TestDemo(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("PORT", "0")
	var out, problems strings.Builder
	if status := run(t.Context(), []string{"demo"}, &out, &problems); status != 0 {
		t.Fatalf("exit status %d: %s\n%s", status, problems.String(), out.String())
	}
	unwrapped := strings.Join(strings.Fields(out.String()), " ")
	for _, text := range []string{
		"$ cf create-service redis persistent my-redis",
		"202 Accepted",
		"cf-helm-broker.io/policy-group-id: ",
		"none from an app: the overlay denies",
		"Another pod has taken its place, at another address:",
		"with the credentials that it has.",
		"policies are gone",
		"they are back:",
		"app web, ",
		"app jobs, ",
		"can't pull its image fault.local/pull-error/whoami",
		"ended by a later delete",
		"Left of it: 0 namespaces, 0 records of the broker, 0 policies.",
		"All as it should be",
	} {
		if !strings.Contains(unwrapped, text) {
			t.Errorf("the demo doesn't show %q", text)
		}
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if len([]rune(line)) > width {
			t.Errorf("the line is longer than %d columns: %s", width, line)
		}
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestDemoWithPackets runs `make demo PACKETS=1`.
func TestDemoWithPackets(t *testing.T) {
	if missing := silk.Missing(); missing != nil {
		t.Skipf("NO PACKET IS SENT: %v", missing)
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("PORT", "0")
	t.Setenv("PACKETS", "1")
	var out, problems strings.Builder
	if status := run(t.Context(), []string{"demo"}, &out, &problems); status != 0 {
		t.Fatalf("exit status %d: %s\n%s", status, problems.String(), out.String())
	}
	begin := 0
	for _, text := range []string{
		"Nobody reaches it yet", "$ cf ssh web", "refused ", "$ cf ssh jobs", "refused ",
		"$ cf bind-service web", "$ cf ssh web", "answered ", "$ cf ssh jobs", "refused ",
		"$ cf bind-service jobs", "$ cf ssh web", "answered ", "$ cf ssh jobs", "answered ",
		"they are back:", "$ cf ssh web", "answered ", "$ cf ssh jobs", "answered ",
		"$ cf unbind-service web", "$ cf ssh web", "refused ", "$ cf ssh jobs", "answered ",
		"Left of it: 0 namespaces, 0 records of the broker, 0 policies.", "All as it should be",
	} {
		at := strings.Index(out.String()[begin:], text)
		if at < 0 {
			t.Fatalf("the demo doesn't show %q in its turn:\n%s", text, out.String())
		}
		begin += at + len(text)
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{"nothing": nil, "unknown": {"start"}, "too much": {"demo", "run"}} {
		t.Run(name, func(t *testing.T) {
			var out, problems strings.Builder
			if status := run(t.Context(), args, &out, &problems); status != exitUsage || !strings.Contains(problems.String(), "build|run|demo|packets") {
				t.Errorf("exit status %d: %s", status, problems.String())
			}
		})
	}
}

// TestBadPort shows that a wrong PORT is told about before anything is built.
func TestBadPort(t *testing.T) {
	t.Setenv("PORT", "eighty")
	var out, problems strings.Builder
	if status := run(t.Context(), []string{"run"}, &out, &problems); status != 1 || !strings.Contains(problems.String(), `PORT is "eighty"`) {
		t.Errorf("exit status %d: %s", status, problems.String())
	}
	if out.Len() > 0 {
		t.Errorf("it began nevertheless: %s", out.String())
	}
}

func TestMask(t *testing.T) {
	const password = "s3cr3t-of-the-service"
	credentials := map[string]any{
		"password": password,
		"uri":      "redis://:" + password + "@10.255.0.7:6379",
		"pods":     []any{map[string]any{"ip": "10.255.0.7"}},
	}
	var all []string
	for _, l := range mask(leaves("", credentials)) {
		all = append(all, l.path+"="+l.value)
	}
	want := "password=s3...(21 characters) pods[0].ip=10.255.0.7 uri=redis://:s3...(21 characters)@10.255.0.7:6379"
	if got := strings.Join(all, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
