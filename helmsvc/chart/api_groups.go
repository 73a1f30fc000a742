package chart

import (
	"bytes"
	"regexp"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// apiGroups are those of Kubernetes' API that a chart has to do with, read off its
// files as they stand: what a template composes isn't found.
type apiGroups struct {
	// uses are those of the objects that it makes.
	uses []string
	// serves are those that it defines custom resources in.
	serves []string
}

var (
	usedGroup   = regexp.MustCompile(`(?m)^\s*-?\s*"?apiVersion"?:\s*["']?([a-z0-9-]+(?:\.[a-z0-9-]+)+)/`)
	servedGroup = regexp.MustCompile(`(?m)^\s*"?group"?:\s*["']?([a-z0-9-]+(?:\.[a-z0-9-]+)+)["',]*\s*$`)
	definition  = []byte("CustomResourceDefinition")
)

// apiGroupsOf reads a chart and its subcharts.
func apiGroupsOf(c *helmchart.Chart) (found apiGroups) {
	for _, crd := range c.CRDObjects() { // the subcharts' as well
		found.serves = append(found.serves, groupsIn(servedGroup, crd.File.Data)...)
	}
	found.readTemplates(c)
	found.uses, found.serves = distinct(found.uses), distinct(found.serves)
	return found
}

func (g *apiGroups) readTemplates(c *helmchart.Chart) {
	for _, template := range c.Templates {
		g.uses = append(g.uses, groupsIn(usedGroup, template.Data)...)
		if bytes.Contains(template.Data, definition) {
			g.serves = append(g.serves, groupsIn(servedGroup, template.Data)...)
		}
	}
	for _, sub := range c.Dependencies() {
		g.readTemplates(sub)
	}
}

func groupsIn(pattern *regexp.Regexp, text []byte) (groups []string) {
	for _, match := range pattern.FindAllSubmatch(text, -1) {
		groups = append(groups, string(match[1]))
	}
	return groups
}

func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// Serves are the API groups in which the chart defines custom resources.
func (s Service) Serves() []string { return s.groups.serves }

// UsesAny tells whether the chart makes objects of one of the API groups.
func (s Service) UsesAny(groups []string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(s.groups.uses, g) })
}
