package guard

import "testing"

// FuzzJudge: whatever programs print, it is judged, and what opens by kube-proxy's
// default bit is found wherever it stands.
func FuzzJudge(f *testing.F) {
	for _, text := range []string{proxyRules(14), proxyRules(30), forward("-A FORWARD -j other\n-A other -g FORWARD", ""), "*filter\n-A\n-A FORWARD -m comment --comment \"\\\"\n", "table ip x {\nchain\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Judge(Facts{Rules: []string{text}, NFTables: text, Commands: [][]string{{"kube-proxy", text}}, Hairpin: text}, expected())
		opened := "*filter\n-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n"
		if len(Judge(Facts{Rules: []string{opened + text}}, expected())) == 0 {
			t.Errorf("%q hides a rule that accepts by a tag's bit", text)
		}
	})
}
