package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeFiles writes files below a folder and makes those they lie in.
func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func chartFile(name string) string {
	return "apiVersion: v1\nname: " + name + "\ndescription: A chart\nversion: 1.0.0\n"
}

// leftOut is what one place says of the charts that aren't offered: reasons by
// the chart's place.
type leftOut map[string]string

func (f *foundation) leftOutOfReadiness() leftOut {
	f.t.Helper()
	var body struct {
		LeftOut []struct{ Chart, Error string } `json:"charts_left_out"`
	}
	f.must(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/readyz", nil)).Decode(&body))
	all := leftOut{}
	for _, l := range body.LeftOut {
		all[l.Chart] = l.Error
	}
	return all
}

func (f *foundation) leftOutOfLog() leftOut {
	all := leftOut{}
	for line := range bytes.Lines([]byte(f.broker.Log())) {
		var l struct {
			Message string `json:"message"`
			Data    struct{ Chart, Error string }
		}
		if json.Unmarshal(line, &l) == nil && strings.HasSuffix(l.Message, "chart-left-out") {
			all[l.Data.Chart] = l.Data.Error
		}
	}
	return all
}
