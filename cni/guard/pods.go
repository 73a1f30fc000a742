package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// mostNames is how many pods a problem names: an event holds 1 KiB.
const mostNames = 8

// judgePods looks for each pod's own reject, which the last rule of cni-wrapper-plugin's
// chain overlay--<handle> is. Nobody but that plugin writes it, when the pod starts:
// after a flush of the table (vxlan-policy-agent's pre-start does one) it is gone for
// good, and the pod is open to all. Where rules aren't looked at nothing is known.
func judgePods(pods []Pod, rules []*Rules, expect Expect) []string {
	if len(rules) == 0 || len(pods) == 0 {
		return nil
	}
	var rejected []netip.Prefix
	for _, kind := range rules {
		w := &rejecting{filter: kind.filter(), expect: expect, seen: map[string]bool{}}
		w.chain("FORWARD")
		rejected = append(rejected, w.rejected...)
	}
	var open []string
	for _, pod := range pods {
		if pod.Address.Is4() && !slices.ContainsFunc(rejected, func(p netip.Prefix) bool { return p.Contains(pod.Address) }) {
			open = append(open, fmt.Sprintf("%s (%s)", pod.Name, pod.Address))
		}
	}
	if len(open) == 0 {
		return nil
	}
	slices.Sort(open)
	return []string{fmt.Sprintf("nothing rejects packets to pods that run here, so that all reach them: FORWARD of iptables doesn't lead to a rule of Silk's that rejects what is for %s. "+
		"The rules were flushed or taken away; restart vxlan-policy-agent, and delete these pods, which are made anew with their rules", shortList(open))}
}

func shortList(names []string) string {
	if len(names) <= mostNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), len(names)-mostNames)
}

// rejecting goes where every forwarded packet comes, and gathers for which addresses
// all are rejected that weren't accepted before.
type rejecting struct {
	filter   chains
	expect   Expect
	seen     map[string]bool
	rejected []netip.Prefix
}

// chain tells whether packets come out of it again.
func (w *rejecting) chain(name string) bool {
	if w.seen[name] {
		return true
	}
	w.seen[name] = true
	for _, r := range w.filter[name] {
		to, matches := r.matches(w.expect)
		if !matches {
			continue
		}
		all := !to.IsValid()
		switch _, isChain := w.filter[r.target]; {
		case !all && (r.target == "REJECT" || r.target == "DROP"):
			w.rejected = append(w.rejected, to)
		case all && isChain:
			if !w.chain(r.target) {
				return false
			}
			if r.after("-j") == "" {
				return true // by -g
			}
		case all && r.target == "RETURN":
			return true
		case all && (r.target == "ACCEPT" || r.target == "REJECT" || r.target == "DROP"):
			return false // none comes further
		}
	}
	return true
}

// matches tells whether a rule is for all packets that come from the overlay to an
// address; an invalid one: to any. Words that aren't known narrow it down.
func (r rule) matches(expect Expect) (to netip.Prefix, all bool) {
	for i := 0; i < len(r.args); i += 2 {
		value := ""
		if i+1 < len(r.args) {
			value = r.args[i+1]
		}
		switch r.args[i] {
		case "-j", "-g", "--comment", "--reject-with":
		case "-m":
			if value != "comment" {
				return to, false
			}
		case "-s":
			if !expect.isFrom(value) {
				return to, false
			}
		case "-d":
			var named bool
			if to, named = prefix(value); !named {
				return to, false
			}
		default:
			return to, false
		}
	}
	return to, true
}

// isFrom tells whether all of the overlay is within what a rule names.
func (e Expect) isFrom(network string) bool {
	named, is := prefix(network)
	overlay, err := netip.ParsePrefix(e.Overlay)
	return is && (err != nil || named.Bits() <= overlay.Bits() && named.Contains(overlay.Addr()))
}

// prefix reads a network, or an address as the network that it is alone in.
func prefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		text += "/32"
	}
	named, err := netip.ParsePrefix(text)
	return named, err == nil
}
