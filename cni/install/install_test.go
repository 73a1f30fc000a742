package install

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const list = `{"cniVersion":"1.1.0","name":"overlay","plugins":[{"type":"c2c-cni","delegate":{"type":"cni-wrapper-plugin","instance_address":"$NODE_IP"}}]}`

func newPlace(t *testing.T, template string) Place {
	t.Helper()
	dir := t.TempDir()
	p := Place{
		Program: filepath.Join(dir, "program"), BinDir: filepath.Join(dir, "bin"), Name: "c2c-cni",
		Template: filepath.Join(dir, "template"), ConfDir: filepath.Join(dir, "net.d"), ConfName: "00-c2c-cni.conflist",
		Values: map[string]string{"NODE_IP": "10.0.0.7", "NODE_NAME": "worker-1"},
	}
	write(t, p.Program, "one")
	write(t, p.Template, template)
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return strings.Join(all, " ")
}

// TestEnsure: both are there, whole, and only written when they are other than they
// should be.
func TestEnsure(t *testing.T) {
	p := newPlace(t, list)
	for i, want := range []bool{true, false} {
		if changed, err := p.Ensure(); err != nil || changed != want {
			t.Errorf("time %d: written %t, %v", i, changed, err)
		}
	}
	conf, err := os.ReadFile(filepath.Join(p.ConfDir, p.ConfName))
	if err != nil || !strings.Contains(string(conf), `"instance_address":"10.0.0.7"`) {
		t.Errorf("the configuration is %s, %v", conf, err)
	}
	about, err := os.Stat(filepath.Join(p.BinDir, p.Name))
	if err != nil || about.Mode().Perm() != 0o755 {
		t.Errorf("the program's mode is %v, %v", about, err)
	}
	write(t, p.Program, "two")
	if changed, err := p.Ensure(); err != nil || !changed {
		t.Errorf("a newer program: %t, %v", changed, err)
	}
	if got, _ := os.ReadFile(filepath.Join(p.BinDir, p.Name)); string(got) != "two" {
		t.Errorf("the program is %q", got)
	}
	if got := names(t, p.BinDir) + names(t, p.ConfDir); got != "c2c-cni00-c2c-cni.conflist" {
		t.Errorf("the folders have %s", got)
	}
	for range 2 {
		if err := p.Remove(); err != nil {
			t.Error(err)
		}
	}
	if got := names(t, p.BinDir) + names(t, p.ConfDir); got != "" {
		t.Errorf("left: %s", got)
	}
}

// TestWhole: whoever reads while it is written sees a whole program.
func TestWhole(t *testing.T) {
	p := newPlace(t, list)
	one, two := strings.Repeat("1", 1<<20), strings.Repeat("2", 1<<20)
	write(t, p.Program, one)
	if _, err := p.Ensure(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := os.ReadFile(filepath.Join(p.BinDir, p.Name)); err != nil || (string(got) != one && string(got) != two) {
				t.Errorf("read %d bytes, %v", len(got), err)
				return
			}
		}
	})
	for i := range 20 {
		write(t, p.Program, []string{two, one}[i%2])
		if _, err := p.Ensure(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	reading.Wait()
}

// TestTemplates that can't be installed say why, and the program is there all the
// same, for pods that have networks already.
func TestTemplates(t *testing.T) {
	for template, words := range map[string]string{
		"{":  "isn't JSON",
		"{}": "a list of plugins",
		strings.Replace(list, "c2c-cni", "cni-wrapper-plugin", 1): `its first plugin is "cni-wrapper-plugin"`,
	} {
		p := newPlace(t, template)
		if _, err := p.Ensure(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", template, err)
		}
		if names(t, p.BinDir) != "c2c-cni" {
			t.Errorf("%s: the program isn't there", template)
		}
	}
	p := newPlace(t, list)
	p.Values["NODE_IP"] = ""
	if _, err := p.Ensure(); err == nil || !strings.Contains(err.Error(), "NODE_IP in its environment") {
		t.Errorf("without an address: %v", err)
	}
}
