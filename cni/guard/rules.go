package guard

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const marksBit = "uses the bits %#x of packets' marks, which are the overlay's tags: %s; have it use others, kube-proxy by `masqueradeBit: 30`"

// judgeRules looks at iptables' rules. Accepting by a mark is wrong wherever it
// stands, since the order of rules changes with each program that starts; accepting
// otherwise before Silk has rejected.
func judgeRules(rules *Rules, expect Expect) []string {
	var problems []string
	for name, t := range rules.tables {
		for chain, all := range t.chains {
			if expect.isSilk(chain) || !t.reached[chain] {
				continue
			}
			for _, r := range all {
				if bits := r.changes(); bits != 0 {
					problems = append(problems, fmt.Sprintf("chain %s of iptables' table %s "+marksBit, chain, name, bits, r))
				}
				if bits := r.accepts(); name == filter && bits != 0 {
					problems = append(problems, fmt.Sprintf("chain %s of iptables' table %s lets packets pass by the mark that Silk denies: it "+marksBit, chain, name, bits, r))
				}
			}
		}
	}
	for _, r := range acceptedBeforeSilk(rules.filter(), expect) {
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

// changes are the overlay's bits of a packet's mark that a rule changes.
func (r rule) changes() uint64 {
	if r.target == "CONNMARK" && slices.Contains(r.args, "--restore-mark") {
		copied, _, _ := markBits(cmp.Or(r.after("--nfmask"), r.after("--mask"), "0xffffffff"))
		return copied & tagBits
	}
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

// walker goes the way of a forwarded packet. Each pod has a chain of Silk's own, which
// rejects what is for that pod alone: what is accepted before one of them is accepted
// for its pod, wherever the others stand.
type walker struct {
	filter  chains
	expect  Expect
	seen    map[string]bool
	accepts []rule // that may be for a pod, since the last of Silk's chains
	open    []rule // those of them that one of Silk's chains follows
	silk    bool   // whether any chain of Silk's was met
}

// acceptedBeforeSilk are the rules that accept what one of Silk's chains would reject.
// Where there is none yet, all that would if there were.
func acceptedBeforeSilk(filter chains, expect Expect) []rule {
	w := &walker{filter: filter, expect: expect, seen: map[string]bool{}}
	w.chain("FORWARD")
	if !w.silk {
		return w.accepts
	}
	return w.open
}

func (w *walker) chain(name string) {
	if w.seen[name] {
		return
	}
	w.seen[name] = true
	for _, r := range w.filter[name] {
		switch {
		case w.expect.isSilk(name):
			if r.target == "REJECT" || r.target == "DROP" {
				w.silk = true
				w.open, w.accepts = append(w.open, w.accepts...), nil
			}
		case r.target == "ACCEPT" && r.accepts() == 0 && w.expect.mayBePod(r):
			w.accepts = append(w.accepts, r)
		}
		if _, isChain := w.filter[r.target]; isChain {
			w.chain(r.target)
		}
	}
}

// mayBePod tells whether a rule that accepts may accept a packet to a pod that is
// no answer: what it names may be the overlay's.
func (e Expect) mayBePod(r rule) bool {
	if states := cmp.Or(r.after("--ctstate"), r.after("--state")); states != "" && !slices.ContainsFunc(strings.Split(states, ","), mayBegin) {
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

// mayBegin tells whether a connection of the state may be a new one. DNAT is any that
// goes by a ClusterIP.
func mayBegin(state string) bool { return state != "RELATED" && state != "ESTABLISHED" }

// elsewhere tells whether an address is certain not to be the overlay's.
func (e Expect) elsewhere(address string) bool {
	overlay, err := netip.ParsePrefix(e.Overlay)
	if err != nil || address == "" {
		return false
	}
	named, is := prefix(address)
	return is && !named.Overlaps(overlay)
}
