package nodefacts

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
)

func file(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// nft is one that has tables of iptables', which nobody is to ask for, and one that is
// deleted after it was listed.
const nft = `#!/bin/sh
case "$*" in
"list flowtables") printf 'table ip nat {\n}\ntable inet x {\n\tflowtable f {\n\t}\n}\ntable ip kube-proxy {\n}\n'
	[ -e "$0.asked" ] || printf 'table ip gone {\n}\n' ;;
"list table ip gone") touch "$0.asked"; echo 'No such file or directory' >&2; exit 1 ;;
"list table inet x" | "list table ip kube-proxy") printf '%s %s %s {\n\tchain y {\n\t\tmeta mark set 0x1\n\t}\n}\n' "$2" "$3" "$4" ;;
*) echo "unknown: $*" >&2; exit 1 ;;
esac
`

// TestRead reads each source, from programs that print what is given.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/configz" {
			_, _ = w.Write([]byte(`{"kubeproxy.config.k8s.io":{"Mode":"iptables","IPTables":{"MasqueradeBit":14},"NFTables":{"MasqueradeBit":null},"DetectLocal":{"ClusterCIDRs":["10.1.0.0/16"]}}}`))
		}
	}))
	defer proxy.Close()
	file(t, filepath.Join(dir, "net.d", "10-b.conflist"), "")
	file(t, filepath.Join(dir, "net.d", "00-a.conf"), "")
	file(t, filepath.Join(dir, "net.d", "readme.txt"), "")
	file(t, filepath.Join(dir, "proc", "12", "cmdline"), "/usr/bin/kubelet\x00--hairpin-mode=none\x00")
	file(t, filepath.Join(dir, "proc", "12", "status"), "Name:\tkubelet\nNSpid:\t12\n")
	file(t, filepath.Join(dir, "proc", "13", "cmdline"), "bash\x00")
	file(t, filepath.Join(dir, "proc", "14", "cmdline"), "kube-proxy\x00") // a tenant's
	file(t, filepath.Join(dir, "proc", "14", "status"), "Name:\tsh\nNSpid:\t14\t1\n")
	file(t, filepath.Join(dir, "proc", "self", "cmdline"), "kubelet\x00")
	got := Sources{
		Commands:    []string{file(t, filepath.Join(dir, "save"), "#!/bin/sh\nprintf '*filter\\n-A FORWARD -j MARK --or-mark 0x10'\n"), "there-is-no-such-program"},
		NFTables:    file(t, filepath.Join(dir, "nft"), nft),
		ProxyURL:    proxy.URL,
		ProxyFile:   file(t, filepath.Join(dir, "proxy.yaml"), "mode: nftables\nclusterCIDR: 10.2.0.0/16,fd00::/64\nnftables: {masqueradeBit: 30}\n"),
		KubeletFile: file(t, filepath.Join(dir, "kubelet.yaml"), "hairpinMode: hairpin-veth\n"),
		Proc:        filepath.Join(dir, "proc"), Configurations: filepath.Join(dir, "net.d"),
	}.Read(t.Context())
	found := guard.Judge(guard.Facts{Rules: got.Rules, NFTables: got.NFTables}, guard.Expect{})
	for i, part := range []string{"chain FORWARD of iptables' table filter uses the bits 0x10 ", "chain y of nftables' table inet x ", "chain y of nftables' table ip kube-proxy "} {
		if len(found) != 3 || !strings.HasPrefix(found[i], part) {
			t.Errorf("by the rules is found %q, want %q", found, part)
		}
	}
	if len(got.Rules) != 1 || got.Blind != "" || got.Hairpin != "hairpin-veth" {
		t.Errorf("%+v", got)
	}
	if len(got.Proxies) != 2 || *got.Proxies[0].IPTablesBit != 14 || *got.Proxies[1].NFTablesBit != 30 || got.Proxies[1].Mode != "nftables" ||
		!slices.Equal(got.Proxies[0].ClusterCIDRs, []string{"10.1.0.0/16"}) || !slices.Equal(got.Proxies[1].ClusterCIDRs, []string{"10.2.0.0/16", "fd00::/64"}) {
		t.Errorf("%+v", got.Proxies)
	}
	if len(got.Commands) != 1 || !slices.Equal(got.Commands[0], []string{"/usr/bin/kubelet", "--hairpin-mode=none"}) {
		t.Errorf("%q", got.Commands)
	}
	if !slices.Equal(got.Configurations, []string{"00-a.conf", "10-b.conflist"}) {
		t.Errorf("%q", got.Configurations)
	}
}

// TestLease: the lease is asked for where it is of interest, and is what silk-daemon says.
func TestLease(t *testing.T) {
	for said, want := range map[string]string{
		`{"overlay_subnet":"10.255.3.0/24","mtu":1450}`: "10.255.3.0/24",
		`{"overlay_subnet":"10.255.3.1/24"}`:            "10.255.3.0/24",
		`{"overlay_subnet":""}`:                         "",
		`<html>`:                                        "",
	} {
		asked := 0
		daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			_, _ = w.Write([]byte(said))
		}))
		defer daemon.Close()
		for _, networks := range [][]string{nil, {"10.244.0.0/24"}} {
			got := Sources{DaemonURL: daemon.URL, NodeNetworks: func() []string { return networks }}.Read(t.Context())
			if !slices.Equal(got.NodeNetworks, networks) || asked != len(networks) || networks != nil && got.Lease != want || got.Blind != "" {
				t.Errorf("silk-daemon says %s: %+v, and was asked %d times", said, got, asked)
			}
		}
	}
	got := Sources{DaemonURL: "http://127.0.0.1:1", NodeNetworks: func() []string { return []string{"10.244.0.0/24"} }}.Read(t.Context())
	if got.Lease != "" || got.Blind != "" {
		t.Errorf("without silk-daemon: %+v", got)
	}
}

// TestBlind: what has to be seen and can't be is told.
func TestBlind(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		sources Sources
		words   string
	}{
		"none installed": {Sources{Commands: []string{"there-is-no-such-program"}}, "is installed where the agent runs"},
		"no right":       {Sources{Commands: []string{file(t, filepath.Join(dir, "save"), "#!/bin/sh\necho 'Permission denied (you must be root)' >&2; exit 4\n")}}, "you must be root"},
		"no end":         {Sources{Commands: []string{file(t, filepath.Join(dir, "endless"), "#!/bin/sh\nexec yes \"$(head -c 99999 /dev/zero | tr '\\0' x)\"\n")}}, "more than 67108864 bytes"},
		"no line's end":  {Sources{Commands: []string{file(t, filepath.Join(dir, "zeros"), "#!/bin/sh\nexec head -c 2000000 /dev/zero\n")}}, "a line of more than 1048576 bytes"},
		"no nftables":    {Sources{NFTables: file(t, filepath.Join(dir, "nft"), "#!/bin/sh\necho 'Operation not permitted' >&2; exit 1\n")}, "not permitted"},
		"one table":      {Sources{NFTables: file(t, filepath.Join(dir, "nft-x"), "#!/bin/sh\necho 'table inet x {'; [ $2 = flowtables ] || exit 1\n")}, "list table inet x: exit status 1"},
		"no file":        {Sources{ProxyFile: filepath.Join(dir, "none")}, "kube-proxy's configuration"},
		"no YAML":        {Sources{KubeletFile: file(t, filepath.Join(dir, "x.yaml"), "{")}, "the kubelet's configuration"},
	} {
		if got := c.sources.Read(t.Context()); !strings.Contains(got.Blind, c.words) {
			t.Errorf("%s: %q", name, got.Blind)
		}
	}
	if got := (Sources{NFTables: "there-is-no-such-program"}).Read(t.Context()); got.Blind != "" {
		t.Errorf("a node without nft: %q", got.Blind)
	}
	if got := (Sources{ProxyURL: "http://127.0.0.1:1"}).Read(t.Context()); got.Blind != "" || len(got.Proxies) > 0 {
		t.Errorf("a node without kube-proxy: %+v", got)
	}
}

// TestPods: the pods whose rules rules are looked for are pods that stand before and after the rules
// are read, of this boot.
func TestPods(t *testing.T) {
	dir := t.TempDir()
	store := attachment.Store{Folder: filepath.Join(dir, "networks")}
	begin := func(container string) *attachment.Record {
		r, err := store.Begin(t.Context(), attachment.ID{Container: container, Interface: "eth0", Network: "n"}, "K8S_POD_NAMESPACE=ns;K8S_POD_NAME="+container)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	made := func(container string) {
		if err := begin(container).Made([]netip.Addr{netip.MustParseAddr("10.255.7.2")}); err != nil {
			t.Fatal(err)
		}
	}
	for _, container := range []string{"stands", "goes", "ends", "earlier"} {
		made(container)
	}
	defer begin("comes").Release()
	ends, err := store.Find(t.Context(), attachment.ID{Container: "ends", Interface: "eth0", Network: "n"})
	if err != nil || ends == nil {
		t.Fatal(ends, err)
	}
	ends.Ends()
	defer ends.Release()
	earlier := filepath.Join(dir, "networks", "n.earlier.eth0")
	text, err := os.ReadFile(earlier)
	if err != nil {
		t.Fatal(err)
	}
	file(t, earlier, regexp.MustCompile(`"boot":"[^"]*"`).ReplaceAllString(string(text), `"boot":"an earlier one"`))
	sources := Sources{
		Networks: store.Folder,
		Commands: []string{file(t, filepath.Join(dir, "save"), "#!/bin/sh\nrm "+dir+"/networks/n.goes.eth0; echo '*filter'\n")},
	}
	if got := sources.Read(t.Context()); got.Blind != "" || len(got.Pods) != 1 || got.Pods[0].Name != "ns/stands" || got.Pods[0].Address.String() != "10.255.7.2" {
		t.Errorf("%+v", got)
	}
	sources.Networks = file(t, filepath.Join(dir, "no-folder"), "")
	if got := sources.Read(t.Context()); !strings.Contains(got.Blind, "the plugin's records") {
		t.Errorf("records that can't be read: %+v", got)
	}
}
