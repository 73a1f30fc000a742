package dataplane_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

var lease = netip.MustParsePrefix("10.255.7.0/29")

func add(t *testing.T, s dataplane.Store, id string) dataplane.Container {
	t.Helper()
	c, err := s.Add(id, "group of "+id, lease)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAddressesInTurn(t *testing.T) {
	s := dataplane.Store{Folder: t.TempDir()}
	var given []string
	for i := range 5 {
		given = append(given, add(t, s, fmt.Sprint(i)).Address.String())
	}
	if got, want := fmt.Sprint(given), "[10.255.7.2 10.255.7.3 10.255.7.4 10.255.7.5 10.255.7.6]"; got != want {
		t.Errorf("given are %s, want %s", got, want)
	}
	if _, err := s.Add("more", "", lease); !errors.Is(err, dataplane.ErrFull) {
		t.Errorf("beyond the lease: %v", err)
	}
	if again := add(t, s, "2"); again.Address.String() != "10.255.7.4" || again.Group != "group of 2" {
		t.Errorf("asked again, 2 gets %+v", again)
	}
	for _, id := range []string{"1", "4"} {
		c, known, err := s.Find(id)
		if err != nil || !known {
			t.Fatal(known, err)
		}
		if err := s.Remove(c); err != nil {
			t.Fatal(err)
		}
	}
	if next := add(t, s, "7"); next.Address.String() != "10.255.7.3" {
		t.Errorf("the next one gets %s", next.Address)
	}
	if next := add(t, s, "8"); next.Address.String() != "10.255.7.6" {
		t.Errorf("the one after it gets %s", next.Address)
	}
	if _, known, err := s.Find("1"); known || err != nil {
		t.Errorf("a removed container is known: %v, %v", known, err)
	}
}

func TestAddressesAtOnce(t *testing.T) {
	s := dataplane.Store{Folder: t.TempDir()}
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() { _, _ = s.Add(fmt.Sprint(i), "", lease) })
	}
	all.Wait()
	if have, err := s.All(); err != nil || len(have) != 5 {
		t.Errorf("5 containers at once have %v, %v", have, err)
	}
}
