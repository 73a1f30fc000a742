package chartcheck

import "helm.sh/helm/v3/pkg/chartutil"

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
