package delegate

import (
	"errors"
	"slices"
	"sync"
	"syscall"
)

// bounded keeps the first bytes that are written, and tells when there are more.
type bounded struct {
	most int
	over func()

	mu   sync.Mutex
	kept []byte
}

// text is what was written so far.
func (b *bounded) text() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.kept)
}

func (b *bounded) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := b.most - len(b.kept)
	if len(text) > room {
		b.kept = append(b.kept, text[:room]...)
		b.over()
		return len(text), nil
	}
	b.kept = append(b.kept, text...)
	return len(text), nil
}

var errBusy = errors.New("it is being written")

// busy tells an error of a plugin that somebody is writing to, which passes.
func busy(err error) error {
	if errors.Is(err, syscall.ETXTBSY) {
		return errors.Join(errBusy, err)
	}
	return err
}
