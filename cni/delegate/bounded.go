package delegate

import (
	"errors"
	"syscall"
)

// bounded keeps the first bytes that are written, and tells when there are more.
type bounded struct {
	kept []byte
	most int
	over func()
}

func (b *bounded) Write(text []byte) (int, error) {
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
