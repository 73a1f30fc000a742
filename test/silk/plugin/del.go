//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

// del takes a container's network down, however much of it was made. One that isn't
// known is down.
func del(args *skel.CmdArgs) error {
	_, store, err := read(args)
	if err != nil {
		return err
	}
	container, known, err := store.Find(args.ContainerID)
	if err != nil || !known {
		return err
	}
	return remove(store, container)
}

// remove forgets the address last, so that nobody has it while rules are left.
func remove(store dataplane.Store, container dataplane.Container) error {
	link := run("", "ip", "link", "del", container.Interface())
	if err := unless("Cannot find device", link); err != nil {
		return err
	}
	if err := removeRules(container); err != nil {
		return err
	}
	return store.Remove(container)
}

// removeRules takes all of a container's rules or, as they are made in one step, none.
func removeRules(container dataplane.Container) error {
	rules, err := exec.Command("iptables", "-w", "-S").Output()
	if err != nil {
		return fmt.Errorf("listing rules: %w", err)
	}
	return restore(dataplane.WithoutContainer(container, string(rules)))
}

func restore(rules string) error { return run(rules, "iptables-restore", "-w", "--noflush") }

func run(input, program string, args ...string) error {
	command := exec.Command(program, args...)
	var said bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &said, &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// unless is nil for a failure that is told with these words.
func unless(words string, err error) error {
	if err != nil && strings.Contains(err.Error(), words) {
		return nil
	}
	return err
}
