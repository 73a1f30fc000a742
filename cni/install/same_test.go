package install

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSame: files are held against each other to their last byte, whatever the chunks.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, length := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk} {
		text := strings.Repeat("1", length)
		others := map[string]bool{text: true, text + "1": false}
		if length > 0 {
			others[text[1:]+"2"], others["2"+text[1:]], others[text[1:]] = false, false, false
		}
		write(t, a, text)
		for other, want := range others {
			write(t, b, other)
			if same, err := Same(a, b); err != nil || same != want {
				t.Errorf("%d bytes and %d that are the same or not: %t, %v; want %t", len(text), len(other), same, err, want)
			}
		}
	}
	for _, pair := range [][2]string{{a, filepath.Join(dir, "none")}, {filepath.Join(dir, "none"), a}} {
		if _, err := Same(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), "none") {
			t.Errorf("without one of them: %v", err)
		}
	}
}
