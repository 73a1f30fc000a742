package attachment

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ID is which network of a container is meant.
type ID struct {
	Container string `json:"container"`
	Interface string `json:"interface"`
	Network   string `json:"network"`
}

// Store is a folder of records.
type Store struct{ Folder string }

// Record is one that is held: nobody else is at the container's network.
type Record struct {
	ID   ID     `json:"id"`
	Args string `json:"args"` // CNI_ARGS of the ADD
	// Group is the process group of a delegate that runs; 0: none does.
	Group int `json:"group,omitempty"`
	// Addresses are the pod's, from when its network was made until it is taken down.
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Boot is the node's boot in which it was made: no network outlives it.
	Boot string `json:"boot,omitempty"`
	// Failed is when it couldn't be taken down for the first time, and GivenUp whether
	// the runtime was told that it is down all the same: it won't ask again.
	Failed  time.Time `json:"failed,omitzero"`
	GivenUp bool      `json:"given_up,omitempty"`

	file *os.File
}

const (
	lockRetry = 20 * time.Millisecond
	// lastsAtMost is how long processes of a plugin that was killed may go on
	// before they are ended too.
	lastsAtMost = 5 * time.Second
)

func (s Store) path(id ID) string {
	return filepath.Join(s.Folder, strings.ReplaceAll(id.Network, "/", "_")+"."+id.Container+"."+id.Interface)
}

// Begin records a network that is about to be made, and holds it.
func (s Store) Begin(ctx context.Context, id ID, args string) (*Record, error) {
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for what was begun: %w", err)
	}
	r, err := s.hold(ctx, id, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	*r = Record{ID: id, Args: args, file: r.file}
	if err := r.write(); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// Note holds the record of a network, and makes one where there is none.
func (s Store) Note(ctx context.Context, id ID, args string) (*Record, error) {
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for notes: %w", err)
	}
	r, err := s.hold(ctx, id, os.O_RDWR|os.O_CREATE)
	if err == nil {
		r.Args = cmp.Or(r.Args, args)
	}
	return r, err
}

// Find holds the record of a network; nil: there is none.
func (s Store) Find(ctx context.Context, id ID) (*Record, error) {
	r, err := s.hold(ctx, id, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // there is none
	}
	return r, err
}

// All are the networks that are recorded. Nobody holds them by this.
func (s Store) All() ([]Record, error) {
	files, err := os.ReadDir(s.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Record
	for _, f := range files {
		var r Record
		text, err := os.ReadFile(filepath.Join(s.Folder, f.Name()))
		if err == nil && decode(text, &r) == nil && r.ID.Container != "" {
			all = append(all, r)
		}
	}
	return all, err
}

// hold opens and locks a record, whose file may be removed and made again
// meanwhile.
func (s Store) hold(ctx context.Context, id ID, how int) (*Record, error) {
	path := s.path(id)
	for {
		file, err := os.OpenFile(path, how, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening the record of what was begun: %w", err)
		}
		r := &Record{ID: id, file: file}
		if err := r.lock(ctx); err != nil {
			_ = file.Close()
			return nil, err
		}
		here, err := os.Stat(path)
		mine, mineErr := file.Stat()
		if err == nil && mineErr == nil && os.SameFile(here, mine) {
			return r, nil
		}
		_ = file.Close()
	}
}

// lock waits until no process is at the network any more. Those that a plugin has
// left which was killed are ended after a while.
func (r *Record) lock(ctx context.Context) error {
	since := time.Now()
	for {
		err := syscall.Flock(int(r.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			r.read()
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("locking the record of what was begun: %w", err)
		}
		if time.Since(since) > lastsAtMost {
			// Somebody holds it, so the group that is named is still that one.
			if r.read(); r.Group > 1 {
				_ = syscall.Kill(-r.Group, syscall.SIGKILL)
			}
			since = time.Now()
		}
		select {
		case <-time.After(lockRetry):
		case <-ctx.Done():
			return fmt.Errorf("another call for container %s is still at work: %w", r.ID.Container, ctx.Err())
		}
	}
}

// read is as much of the record as there is: it may have been cut off.
func (r *Record) read() {
	text, err := io.ReadAll(io.NewSectionReader(r.file, 0, 1<<20))
	if err == nil {
		_ = decode(text, r)
	}
}

// decode reads a record, behind which the rest of a longer one may stand.
func decode(text []byte, into *Record) error {
	return json.NewDecoder(bytes.NewReader(text)).Decode(into)
}

func (r *Record) write() error {
	text, err := json.Marshal(r)
	if err == nil {
		_, err = r.file.WriteAt(text, 0)
	}
	if err == nil {
		err = r.file.Truncate(int64(len(text))) // afterwards: at no time is there no record
	}
	if err != nil {
		return fmt.Errorf("recording what is begun: %w", err)
	}
	return nil
}

// File is what a delegate keeps open: the record is held until it is closed by all.
func (r *Record) File() *os.File { return r.file }

// Runs notes the process group of a delegate.
func (r *Record) Runs(group int) {
	r.Group = group
	_ = r.write() // without it a delegate that hangs is waited for, and not ended
}

// Made notes that the network is made, and lets others at it.
func (r *Record) Made(addresses []netip.Addr) error {
	r.Group, r.Addresses, r.Boot = 0, addresses, thisBoot()
	if err := r.write(); err != nil {
		return err
	}
	r.close()
	return nil
}

// Ends notes that the network is being taken down: what belongs to it goes.
func (r *Record) Ends() {
	r.Addresses = nil
	_ = r.write() // without it the node's guard may miss rules that are gone for a good reason
}

// Fails notes that the network couldn't be taken down, and whether that is so for
// longer than patience; others are let at it.
func (r *Record) Fails(patience time.Duration) {
	if r.Failed.IsZero() {
		r.Failed = time.Now()
	}
	r.GivenUp = time.Since(r.Failed) >= patience
	r.Release()
}

// Release lets others at the network; the record stays.
func (r *Record) Release() {
	r.Group = 0
	_ = r.write()
	r.close()
}

// close gives the record up for all who have inherited it: what a delegate has left
// running, and has ended well, is its own business.
func (r *Record) close() {
	_ = syscall.Flock(int(r.file.Fd()), syscall.LOCK_UN)
	_ = r.file.Close()
}

// Forget removes the record: nothing of the network is left.
func (s Store) Forget(r *Record) error {
	defer r.close()
	if err := os.Remove(s.path(r.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the record of what was begun: %w", err)
	}
	return nil
}
