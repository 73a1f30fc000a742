package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// leaf is a value of a JSON document with the way to it.
type leaf struct{ path, value string }

// leaves flattens a JSON document, in the order of its keys.
func leaves(path string, value any) []leaf {
	var all []leaf
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			all = append(all, leaves(strings.TrimPrefix(path+"."+key, "."), value[key])...)
		}
	case []any:
		for n, element := range value {
			all = append(all, leaves(fmt.Sprintf("%s[%d]", path, n), element)...)
		}
	default:
		all = append(all, leaf{path, fmt.Sprint(value)})
	}
	return all
}

var passwordPath = regexp.MustCompile(`(?i)(password|secret|token)$`)

// mask hides the passwords in all values, also where one is part of a URI.
func mask(all []leaf) []leaf {
	masked := slices.Clone(all)
	for _, secret := range all {
		if !passwordPath.MatchString(secret.path) || secret.value == "" {
			continue
		}
		for n := range masked {
			hidden := fmt.Sprintf("%.2s...(%d characters)", secret.value, len(secret.value))
			masked[n].value = strings.ReplaceAll(masked[n].value, secret.value, hidden)
		}
	}
	return masked
}

// fitted is as much of a value as a line has room for, beside its path.
func fitted(value string) string {
	const room = width - 16
	if len(value) <= room {
		return value
	}
	return value[:room-2] + ".."
}

// showCredentials shows what an app gets, passwords masked, and fails unless
// it holds a password, the port and the name of the instance's pods.
func (d *demo) showCredentials(credentials any) error {
	all := leaves("", credentials)
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, l := range mask(all) {
		// Whole Services, for the templates' sake, would fill the screen.
		if !strings.HasPrefix(l.path, "services[") {
			_, _ = fmt.Fprintf(table, "%s%s\t%s\n", indent, l.path, fitted(l.value))
		}
	}
	_ = table.Flush()
	wanted := map[string]func(leaf) bool{
		"password":            func(l leaf) bool { return passwordPath.MatchString(l.path) && l.value != "" },
		"name of the host":    func(l leaf) bool { return l.path == "host" && strings.HasSuffix(l.value, ".svc.cluster.local") },
		fmt.Sprint(redisPort): func(l leaf) bool { return l.value == fmt.Sprint(redisPort) },
	}
	for what, isIt := range wanted {
		if !slices.ContainsFunc(all, isIt) {
			return fmt.Errorf("the credentials don't hold the %s", what)
		}
	}
	return nil
}
