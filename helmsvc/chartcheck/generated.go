package chartcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
)

// generatedWarnings are about what each update changes, since the chart generates it
// and it isn't kept; and about what none does.
func generatedWarnings(changes []generated.Change) (changed, frozen []string) {
	for _, c := range changes {
		at := fmt.Sprintf("%s: %s %s: ", c.File, c.Kind, c.Name)
		text := comesTo(c)
		switch {
		case c.Frozen:
			frozen = append(frozen, at+fmt.Sprintf("%s holds something generated amid other text. Updates keep it as it is, so that neither parameters nor a new version of the chart change it; give what is generated a key of its own", strings.Join(c.Path, ".")))
		case text != "":
			changed = append(changed, at+text)
		}
	}
	return changed, frozen
}

// comesTo says what a change does to an instance; "" if it does no harm.
func comesTo(c generated.Change) string {
	path := strings.ReplaceAll(strings.Join(c.Path, "."), ".[", "[")
	runsAnew := c.Hook || c.Kind == "Job" || c.Kind == "Pod"
	described := slices.Contains(c.Path, "annotations") || slices.Contains(c.Path, "labels")
	switch {
	case path == "metadata.name" && runsAnew, isChecksum(c) && c.Kind != "Job":
		return ""
	case path == "metadata.name":
		return "its name is generated, so each update makes another one and deletes this; name it after the release"
	case described && c.Path[0] == "metadata", described && c.Hook:
		return ""
	case c.Kind == "Job" && !c.Hook:
		return fmt.Sprintf("%s is generated, and Kubernetes lets nobody change a Job, so each update fails; make it a hook, or have its name generated too", path)
	case described && slices.Contains(c.Path, "template"):
		return fmt.Sprintf("%s is generated, so each update restarts these pods; a checksum of what they read restarts them when that changes", path)
	}
	return fmt.Sprintf("%s is generated, and so another with each update: only Secrets' values are kept. Put it into a Secret, or have the plan file set it with {{ generated \"NAME\" 24 }}", path)
}

var hash = regexp.MustCompile(`^(sha(1|256):)?([0-9a-f]{40}|[0-9a-f]{64})$`)

// isChecksum tells whether an annotation or a label is a hash of something that is
// generated: it differs since that does, and says nothing of its own.
func isChecksum(c generated.Change) bool {
	if !slices.Contains(c.Path, "annotations") && !slices.Contains(c.Path, "labels") {
		return false
	}
	if strings.Contains(c.Path[len(c.Path)-1], "checksum") {
		return true
	}
	text, _ := c.First.(string)
	return hash.MatchString(text)
}
