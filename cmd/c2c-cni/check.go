package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/cf-helm-broker/cf-helm-broker/cni/inspect"
)

// Where container runtimes look unless they are told otherwise.
const (
	usualBinDir  = "/opt/cni/bin"
	usualConfDir = "/etc/cni/net.d"
)

// checkCommand looks at this node. It ends with 0 if all is right, and with 1 if not.
func checkCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readSettings("check", args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	program, programErr := os.Executable()
	if err = errors.Join(err, programErr); err != nil {
		_, _ = fmt.Fprintf(stderr, "c2c-cni check: %v\n", err)
		return 2
	}
	if s.BinDir == "" {
		s.BinDir = usualBinDir
	}
	if s.ConfDir == "" {
		s.ConfDir = usualConfDir
	}
	node := inspect.Node{
		BinDir: s.BinDir, ConfDir: s.ConfDir, ConfName: s.ConfName, Program: program, Socket: s.Socket, PollURL: s.PollURL,
		Problems: s.problems,
	}
	if !node.Check(ctx, stdout) {
		return 1
	}
	return 0
}
