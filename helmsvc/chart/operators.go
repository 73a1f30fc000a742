package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// LoadOperators is LoadAll for charts that are installed once, without plans, each
// with the values of the file that was found for it. Their Digest changes with these.
func LoadOperators(ctx context.Context, all []source.Found, kube *chartutil.KubeVersion, texts *render.Texts) Catalog {
	given := map[string][]byte{}
	all = slices.Clone(all)
	for n, found := range all {
		if found.Err != nil || found.Values == "" {
			continue
		}
		values, err := readValues(found.Values)
		if err != nil {
			all[n].Err = fmt.Errorf("%s: %w", found.Values, err)
			continue
		}
		given[found.From] = values
	}
	catalog := LoadAll(ctx, all, kube, texts)
	for _, services := range [][]Service{catalog.Services, catalog.Older} {
		for n := range services {
			if values, is := given[services[n].From]; is {
				services[n].values = values
				services[n].Digest = digest(map[string][]byte{"chart": []byte(services[n].Digest), "values": values})
			}
		}
	}
	return catalog
}

// OperatorValues are what is laid over an operator's own values, as a JSON object;
// nil if nothing is.
func (s Service) OperatorValues() json.RawMessage { return s.values }

// readValues reads a file of values, which Helm doesn't render either, as JSON.
func readValues(file string) (json.RawMessage, error) {
	open, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = open.Close() }() // it is only read
	text, err := io.ReadAll(io.LimitReader(open, largest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > largest {
		return nil, fmt.Errorf("it has more than %d bytes, which is more than Helm can keep", largest)
	}
	var values map[string]any
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return nil, errors.New("it isn't a file of values, such as `replicas: 2`: " + string(bytes.TrimSpace([]byte(err.Error()))))
	}
	return json.Marshal(values)
}
