package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const marksBit = "uses the bits %#x of packets' marks, which are the overlay's tags: %s; have it use others, kube-proxy by `masqueradeBit: 30`"

// judgeRules looks at iptables' rules. Accepting by a mark is wrong wherever it
// stands, since the order of rules changes with each program that starts; accepting
// otherwise before Silk has rejected.
func judgeRules(rules Rules, expect Expect) []string {
	var problems []string
	tables := parse(rules.Text)
	for name, t := range tables {
		reached := t.reached()
		for chain, all := range t {
			if expect.isSilk(chain) || !reached[chain] {
				continue
			}
			for _, r := range all {
				if bits := r.changes(); bits != 0 {
					problems = append(problems, fmt.Sprintf("chain %s of iptables' table %s "+marksBit, chain, name, bits, r))
				}
				if bits := r.accepts(); name == "filter" && bits != 0 {
					problems = append(problems, fmt.Sprintf("chain %s of iptables' table %s lets packets pass by the mark that Silk denies: it "+marksBit, chain, name, bits, r))
				}
			}
		}
	}
	walk := &walker{table: tables["filter"], expect: expect, seen: map[string]bool{}}
	walk.chain("FORWARD")
	for _, r := range walk.open {
		problems = append(problems, fmt.Sprintf("chain %s of iptables lets packets pass before Silk rejects them: %s; take the rule away, or have it name what isn't the overlay's, by -s, -d, -i or -o", r.chain, r))
	}
	return problems
}

func (r rule) String() string {
	return "`-A " + r.chain + " " + strings.Join(r.args, " ") + "`"
}

func (e Expect) isSilk(chain string) bool { return begins(chain, e.SilkChains) }

func begins(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// reached are the chains that packets can come into: the kernel's own, and those
// that others lead to.
func (t table) reached() map[string]bool {
	reached := map[string]bool{"PREROUTING": true, "INPUT": true, "FORWARD": true, "OUTPUT": true, "POSTROUTING": true}
	for from, rules := range t {
		for _, r := range rules {
			if r.target != from {
				reached[r.target] = true
			}
		}
	}
	return reached
}

// changes are the overlay's bits of a packet's mark that a rule changes.
func (r rule) changes() uint64 {
	if r.target != "MARK" {
		return 0
	}
	for option, bits := range map[string]func(value, mask uint64) uint64{
		"--set-xmark": func(value, mask uint64) uint64 { return value | mask },
		"--set-mark":  func(value, mask uint64) uint64 { return value | mask },
		"--or-mark":   func(value, _ uint64) uint64 { return value },
		"--xor-mark":  func(value, _ uint64) uint64 { return value },
		"--and-mark":  func(value, _ uint64) uint64 { return ^value },
	} {
		if value, mask, named := markBits(r.after(option)); named {
			return bits(value, mask) & tagBits
		}
	}
	return 0
}

// accepts are the overlay's bits of a packet's mark by which a rule accepts.
func (r rule) accepts() uint64 {
	if r.target != "ACCEPT" {
		return 0
	}
	_, mask, named := markBits(r.after("--mark"))
	if !named {
		return 0
	}
	return mask & tagBits
}

// walker goes the way of a forwarded packet until Silk has rejected it.
type walker struct {
	table  table
	expect Expect
	seen   map[string]bool
	open   []rule
}

// chain tells whether Silk has rejected by the end of it.
func (w *walker) chain(name string) bool {
	if w.seen[name] {
		return false
	}
	w.seen[name] = true
	for _, r := range w.table[name] {
		switch {
		case w.expect.isSilk(name):
			if r.target == "REJECT" || r.target == "DROP" {
				return true
			}
		case r.target == "ACCEPT":
			if r.accepts() == 0 && w.expect.mayBePod(r) {
				w.open = append(w.open, r)
			}
		}
		if _, isChain := w.table[r.target]; isChain && w.chain(r.target) {
			return true
		}
	}
	return false
}

// mayBePod tells whether a rule that accepts may accept a packet to a pod that is
// no answer: what it names may be the overlay's.
func (e Expect) mayBePod(r rule) bool {
	if states := r.after("--ctstate") + r.after("--state"); states != "" && !strings.Contains(states, "NEW") && !strings.Contains(states, "INVALID") && !strings.Contains(states, "UNTRACKED") {
		return false
	}
	if value, mask, named := markBits(r.after("--mark")); named && value&mask&^tagBits != 0 {
		return false // a tag alone doesn't match
	}
	for _, option := range []string{"-i", "-o"} {
		name := r.after(option)
		plain := strings.TrimSuffix(name, "+")
		if name != "" && !begins(plain, e.Interfaces) && (plain == name || !slices.ContainsFunc(e.Interfaces, func(i string) bool { return strings.HasPrefix(i, plain) })) {
			return false
		}
	}
	// From elsewhere nothing is let to a pod by its mark; to elsewhere is no pod.
	return !e.elsewhere(r.after("-d"))
}

// elsewhere tells whether an address is certain not to be the overlay's.
func (e Expect) elsewhere(address string) bool {
	overlay, err := netip.ParsePrefix(e.Overlay)
	if err != nil || address == "" {
		return false
	}
	if !strings.Contains(address, "/") {
		address += "/32"
	}
	named, err := netip.ParsePrefix(address)
	return err == nil && !named.Overlaps(overlay)
}
