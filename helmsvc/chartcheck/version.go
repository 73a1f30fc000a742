package chartcheck

import (
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// kubeMajor and kubeMinor are the Kubernetes version of the libraries in
// go.mod. Helm's own default is 1.20 in every program but the helm command.
const kubeMajor, kubeMinor = "1", "37"

// version is what charts are rendered for.
func (c Checker) version() *chartutil.KubeVersion {
	if c.KubeVersion != nil {
		return c.KubeVersion
	}
	return &chartutil.KubeVersion{Version: "v" + kubeMajor + "." + kubeMinor + ".0", Major: kubeMajor, Minor: kubeMinor}
}

// capabilities are what the chart is told of the cluster.
func (c Checker) capabilities(of *helmchart.Chart) (*chartutil.Capabilities, error) {
	definitions, err := manifest.DecodeDefinitions(of.CRDObjects())
	if err != nil {
		return nil, err
	}
	all := chartutil.DefaultCapabilities.Copy()
	all.KubeVersion = *c.version()
	all.APIVersions = manifest.OwnAPIs(all.KubeVersion.Version)
	for _, kind := range manifest.DefinedBy(definitions) {
		all.APIVersions = append(all.APIVersions, kind.GroupVersion().String(), kind.GroupVersion().String()+"/"+kind.Kind)
	}
	return all, nil
}
