package chart

import (
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// brokerFiles and brokerFolders lie beside Chart.yaml for the broker alone.
// Helm takes every file of the folder for a chart file: left in, plans (with
// their kubeconfigs) and image archives would go into each release's Secret
// and be readable by .Files.Get.
var (
	brokerFiles   = []string{"plans.yaml", "plans.yml", "bind.yaml", "bind.yml", source.OfferFile}
	brokerFolders = []string{"plans/", "images/", "tsmgr/"}
)

// strip removes the broker's own files from a chart that was just loaded, and
// from its subcharts: they may be offered elsewhere, and vendored here.
func strip(c *helmchart.Chart) {
	for _, sub := range c.Dependencies() {
		strip(sub)
	}
	c.Files = withoutBrokerFiles(c.Files)
	// Raw repeats every file; Helm uses it for packaging only.
	c.Raw = nil
}

func withoutBrokerFiles(files []*helmchart.File) []*helmchart.File {
	var kept []*helmchart.File
	for _, f := range files {
		if !isBrokerFile(f.Name) {
			kept = append(kept, f)
		}
	}
	return kept
}

func isBrokerFile(name string) bool {
	for _, file := range brokerFiles {
		if name == file {
			return true
		}
	}
	for _, folder := range brokerFolders {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}
