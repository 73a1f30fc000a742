package guard

import (
	"net/netip"
	"slices"
	"testing"
)

// FuzzJudge: whatever programs print, it is judged, and what opens by kube-proxy's
// default bit is found wherever it stands. What isn't kept of it changes no verdict.
func FuzzJudge(f *testing.F) {
	for _, text := range []string{proxyRules(14), proxyRules(30), forward("-A FORWARD -j other\n-A other -g FORWARD", ""), silk, standIn, "*filter\n-A\n-A FORWARD -m comment --comment \"\\\"\n", "table ip x {\nchain\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		facts := Facts{Rules: kept(text), Pods: []Pod{{Name: "ns/web-0", Address: netip.MustParseAddr("10.255.7.2")}}}
		got := Judge(facts, expected())
		facts.Rules = whole(text)
		if all := Judge(facts, expected()); !slices.Equal(got, all) {
			t.Errorf("%q, and %q by all rules", got, all)
		}
		Judge(Facts{NFTables: nftables(text), Commands: [][]string{{"kube-proxy", text}}, Hairpin: text}, expected())
		opened := "*filter\n-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n"
		if len(Judge(Facts{Rules: kept(opened + text)}, expected())) == 0 {
			t.Errorf("%q hides a rule that accepts by a tag's bit", text)
		}
	})
}
