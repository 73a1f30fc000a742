package chartcheck

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// decoding collects the objects of a release and what is wrong with them.
type decoding struct {
	findings
	chartName string
	version   *chartutil.KubeVersion
	strict    runtime.Decoder
	objects   []object
}

func (d *decoding) mistake(format string, arguments ...any) {
	d.mistakes = append(d.mistakes, oneLine(fmt.Errorf(format, arguments...).Error()))
}

// addObject holds an object against Kubernetes' own types. The API server
// refuses values of the wrong type and drops fields that it doesn't know.
func (d *decoding) addObject(o object, document string) {
	if manifest.IsCustom(o.kind) {
		d.objects = append(d.objects, o)
		since, gone := manifest.Gone(o.kind)
		d.refuseGone(o, fmt.Sprintf("%s (%s)", o.kind.Kind, o.kind.GroupVersion()), since, gone)
		return
	}
	typed, _, err := d.strict.Decode([]byte(document), nil, nil)
	switch {
	case runtime.IsStrictDecodingError(err):
		text := strings.TrimPrefix(err.Error(), "strict decoding error: ")
		d.warnings = append(d.warnings, fmt.Sprintf("%s: Kubernetes ignores what it doesn't know or reads twice: %s", o, oneLine(text)))
	case err != nil:
		d.mistake("%s: it can't be read: %w", o, err)
		return
	}
	o.typed = typed
	d.objects = append(d.objects, o)
	removed, ends := manifest.Removed(o.typed)
	d.refuseGone(o, o.kind.GroupVersion().String(), removed, ends)
}

// refuseGone finds kinds and API versions that the cluster has ceased to serve.
func (d *decoding) refuseGone(o object, what string, since *version.Version, ends bool) {
	if !ends {
		return
	}
	have, err := version.ParseGeneric(d.version.Version)
	if err != nil {
		return // Helm parsed it before
	}
	if have.AtLeast(since) {
		d.mistake("%s: Kubernetes has not served %s since %s", o, what, since)
	}
}

// refuseTwins finds objects that two manifests make: Helm's install fails at
// the second. Objects are sorted.
func (d *decoding) refuseTwins() {
	for i := 1; i < len(d.objects); i++ {
		a, b := d.objects[i-1], d.objects[i]
		if a.kind.GroupKind() == b.kind.GroupKind() && a.name == b.name && a.namespace == b.namespace {
			d.mistake("%s: %s makes the same object", b, a.file)
		}
	}
}
