package guard

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// nftMark is a statement that changes a packet's mark, such as
// `meta mark set meta mark | 0x00004000` (kube-proxy's mode nftables).
var nftMark = regexp.MustCompile(`\bmark set (?:(?:meta |ct )?mark (or|and|xor|[|&^]) )?(0x[0-9a-f]+|[0-9]+)`)

// NFTables are tables of nftables, of which changes of the overlay's bits are kept.
// Tables of iptables' names are iptables', and judged as such. Accepting there ends
// no other table's rules, and lets nothing past Silk's. The zero value has none yet.
type NFTables struct {
	table, chain string // whose lines are taken
	problems     []string
}

// Take takes the next line of what `nft list ruleset` or `nft list table` prints.
func (n *NFTables) Take(line string) {
	line = strings.TrimSpace(line)
	kind, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch {
	case kind == "table" && len(words) >= 2:
		n.table = words[0] + " " + strings.TrimSuffix(words[1], "{")
	case kind == "chain" && len(words) >= 1:
		n.chain = strings.TrimSuffix(words[0], "{")
	case !OfIPTables(n.table):
		if bits := nftChanges(line); bits != 0 {
			n.problems = append(n.problems, fmt.Sprintf("chain %s of nftables' table %s "+marksBit, n.chain, n.table, bits, "`"+line+"`"))
		}
	}
}

// OfIPTables tells whether a table of nftables (family and name) is one of those that
// iptables-nft keeps its rules in.
func OfIPTables(table string) bool {
	family, name, _ := strings.Cut(table, " ")
	if family != "ip" && family != "ip6" {
		return false
	}
	switch strings.TrimSpace(name) {
	case "filter", "nat", "mangle", "raw", "security":
		return true
	}
	return false
}

// nftCopies is a statement that copies the connection's mark, whole.
var nftCopies = regexp.MustCompile(`\bmark set ct mark(?: |;|$)`)

func nftChanges(line string) uint64 {
	if !strings.Contains(line, "mark set") {
		return 0 // a node has many rules
	}
	found := nftMark.FindStringSubmatch(line)
	if found == nil {
		if nftCopies.MatchString(line) {
			return tagBits
		}
		return 0
	}
	value, err := strconv.ParseUint(found[2], 0, 32)
	if err != nil {
		return 0
	}
	switch found[1] {
	case "or", "|", "xor", "^":
		return value & tagBits
	case "and", "&":
		return ^value & tagBits
	}
	return tagBits // it is set whole
}
