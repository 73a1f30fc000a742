package dataplane

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Store is a folder with what a node knows of its containers, one file each. Its
// methods may be called by several processes at once.
type Store struct{ Folder string }

// ErrFull is host-local's word for a lease without a free address.
var ErrFull = errors.New("no IP addresses available in range set")

const lastFile = "last"

// Add gives a container an address of the lease, in turn, as host-local does: a free
// one's turn comes when all others have had theirs. A container that has one keeps it.
func (s Store) Add(id, group string, lease netip.Prefix) (Container, error) {
	unlock, err := s.lock()
	if err != nil {
		return Container{}, err
	}
	defer unlock()
	all, err := s.All()
	if err != nil {
		return Container{}, err
	}
	taken := map[netip.Addr]bool{}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
		taken[c.Address] = true
	}
	text, err := os.ReadFile(s.file(lastFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Container{}, fmt.Errorf("reading the last address: %w", err)
	}
	last, _ := netip.ParseAddr(string(text)) // without one, from the beginning
	address, err := next(lease, last, taken)
	if err != nil {
		return Container{}, err
	}
	c := Container{ID: id, Address: address, Group: group}
	if err := s.write(s.file(c.file()), c); err != nil {
		return Container{}, err
	}
	return c, os.WriteFile(s.file(lastFile), []byte(address.String()), 0o600)
}

// next is the first free address after last. The lease's first is the node's own, as
// silk-daemon has it, the one after it host-local keeps for a gateway, though Silk has
// none, and the last is the broadcast's.
func next(lease netip.Prefix, last netip.Addr, taken map[netip.Addr]bool) (netip.Addr, error) {
	first := lease.Masked().Addr().Next().Next()
	usable := func(a netip.Addr) bool { return lease.Contains(a) && lease.Contains(a.Next()) }
	begin := first
	if last.IsValid() && usable(last.Next()) {
		begin = last.Next()
	}
	for a := begin; ; {
		if !taken[a] {
			return a, nil
		}
		if a = a.Next(); !usable(a) {
			a = first
		}
		if a == begin {
			return netip.Addr{}, fmt.Errorf("failed to allocate for range 0: %w: %s", ErrFull, lease)
		}
	}
}

// Find is the container of that id; false: there is none.
func (s Store) Find(id string) (Container, bool, error) {
	all, err := s.All()
	at := slices.IndexFunc(all, func(c Container) bool { return c.ID == id })
	if err != nil || at < 0 {
		return Container{}, false, err
	}
	return all[at], true, nil
}

// Remove forgets a container, whose address is free then.
func (s Store) Remove(c Container) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.Remove(s.file(c.file())); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting container %s: %w", c.ID, err)
	}
	return nil
}

// All are the containers, by address.
func (s Store) All() ([]Container, error) {
	entries, err := os.ReadDir(s.Folder)
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	var all []Container
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		text, err := os.ReadFile(s.file(entry.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("reading a container: %w", err)
		}
		var c Container
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("reading a container from %s: %w", entry.Name(), err)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Container) int { return cmp.Compare(a.Address.String(), b.Address.String()) })
	return all, nil
}

const suffix = ".json"

func (c Container) file() string { return c.Address.String() + suffix }

func (s Store) file(name string) string { return filepath.Join(s.Folder, name) }

// write puts a file in place in one step.
func (s Store) write(path string, c Container) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("keeping container %s: %w", c.ID, err)
	}
	return os.Rename(path+".new", path)
}

// lock keeps other processes from changing anything until unlock.
func (s Store) lock() (unlock func(), err error) {
	file, err := os.OpenFile(s.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the store: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}
