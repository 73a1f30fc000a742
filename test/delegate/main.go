// Command delegate is a CNI plugin for tests of the one that calls it: it does as
// its configuration says, hangs or prints rubbish, say. Called by the plugin's own
// name it is the plugin.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
)

func main() {
	if filepath.Base(os.Args[0]) != plugin.Name {
		fake()
		return
	}
	if err := plugin.Main(context.Background()); err != nil {
		_ = err.Print()
		os.Exit(1)
	}
}

// configuration is how the delegate is told what to do.
type configuration struct {
	CNIVersion string `json:"cniVersion"`
	Dir        string `json:"dir"`    // where what it makes is kept
	Behave     string `json:"behave"` // such as "ADD hangs"
}

// fake is a delegate that keeps an address, a store's entry and a rule for each
// container as files, and takes a moment between each.
func fake() {
	text, _ := io.ReadAll(os.Stdin)
	var c configuration
	if err := json.Unmarshal(text, &c); err != nil {
		say(types.ErrDecodingFailure, err.Error())
	}
	id, command := os.Getenv("CNI_CONTAINERID"), os.Getenv("CNI_COMMAND")
	if filepath.Base(os.Args[0]) == "fake-child" {
		// What a plugin's own delegate does when the plugin has been killed.
		time.Sleep(30 * time.Millisecond)
		touch(c.Dir, "child."+id)
		return
	}
	if command == "VERSION" {
		fmt.Print(`{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}`)
		return
	}
	_ = os.WriteFile(filepath.Join(c.Dir, "last-"+command), append([]byte(os.Getenv("CNI_ARGS")+"\n"), text...), 0o600)
	switch c.Behave {
	case command + " hangs":
		touch(c.Dir, "address."+id)
		time.Sleep(time.Hour)
	case command + " prints rubbish":
		touch(c.Dir, "address."+id)
		fmt.Print("eth0: <BROADCAST> mtu 1500")
		return
	case command + " prints without end":
		for {
			fmt.Print(strings.Repeat("x", 1<<16))
		}
	case command + " fails":
		touch(c.Dir, "address."+id)
		say(100, "silk-daemon doesn't answer")
	case command + " dies":
		fmt.Fprint(os.Stderr, "panic: no iptables")
		os.Exit(2)
	case command + " has no lease":
		say(types.ErrInternal, `failed to allocate for range 0: no IP addresses available in range set: 10.255.7.1-10.255.7.254`)
	case command + " gives no address":
		touch(c.Dir, "address."+id)
		fmt.Printf(`{"cniVersion":%q,"ips":[]}`, c.CNIVersion)
		return
	case command + " isn't implemented":
		say(types.ErrInternal, "Meow this isn't implemented yet")
	}
	switch command {
	case "ADD":
		for _, what := range []string{"address", "store", "rule"} {
			touch(c.Dir, what+"."+id)
			time.Sleep(3 * time.Millisecond)
		}
		if c.Behave == "child" {
			child := exec.Command(filepath.Join(os.Getenv("CNI_PATH"), "fake-child"))
			child.Stdin = strings.NewReader(string(text))
			_ = child.Run()
		}
		fmt.Printf(`{"cniVersion":%q,"ips":[{"address":"10.255.7.2/32"}]}`, c.CNIVersion)
	case "DEL":
		takeDown(c.Dir, id)
	}
}

// takeDown is as cni-wrapper-plugin's: it forgets the address first, finds nothing of a
// container whose address it doesn't know, and complains of what it can't find.
func takeDown(dir, id string) {
	for _, what := range []string{"address", "store", "rule", "child"} {
		err := os.Remove(filepath.Join(dir, what+"."+id))
		if what == "address" && err != nil {
			return
		}
		time.Sleep(3 * time.Millisecond)
		fmt.Fprintln(os.Stderr, what, "is gone:", err)
	}
}

func touch(dir, name string) { _ = os.WriteFile(filepath.Join(dir, name), nil, 0o600) }

func say(code uint, words string) {
	_ = types.NewError(code, words, "").Print()
	os.Exit(1)
}
