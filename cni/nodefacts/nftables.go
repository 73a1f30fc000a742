package nodefacts

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
)

// readNFTables reads the tables of nftables that aren't iptables': those are read as
// iptables' own, and nft 1.0.6 takes 4 KB of memory and more than 0.1 ms for each rule
// of theirs. Which tables there are is printed by `list flowtables`, for which nft
// reads no rules; for `list tables` it reads all.
func readNFTables(ctx context.Context, nft string) ([]*guard.NFTables, error) {
	if nft == "" {
		return nil, nil // there is none
	}
	tables, err := listTables(ctx, nft)
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil // there is none
	}
	var all []*guard.NFTables
	for _, table := range tables {
		one := &guard.NFTables{}
		failed := run(ctx, nft+" list table "+table, one.Take)
		if failed == nil {
			all = append(all, one)
		} else if !hasGone(ctx, nft, table) {
			err = errors.Join(err, failed)
		}
	}
	return all, err
}

// listTables are those that aren't iptables', each with its family.
func listTables(ctx context.Context, nft string) ([]string, error) {
	var tables []string
	err := run(ctx, nft+" list flowtables", func(line string) {
		words := strings.Fields(line)
		if len(words) >= 3 && words[0] == "table" && !guard.OfIPTables(words[1]+" "+words[2]) {
			tables = append(tables, words[1]+" "+words[2])
		}
	})
	return tables, err
}

// hasGone tells whether a table isn't there any more: whoever replaces rules may
// delete it meanwhile.
func hasGone(ctx context.Context, nft, table string) bool {
	tables, err := listTables(ctx, nft)
	return err == nil && !slices.Contains(tables, table)
}
