package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// reach are the values that aren't the chart's own alone, as paths.
type reach struct {
	// beyond are those that Helm hands on or reads itself: "global", which goes
	// to every chart below, and "tags", which switches subcharts on and off.
	beyond [][]string
	// subcharts are those that are the values of a subchart.
	subcharts [][]string
}

func reachOf(c *helmchart.Chart) reach {
	var r reach
	r.add(nil, c)
	if usesTags(c) {
		r.beyond = append(r.beyond, []string{"tags"})
	}
	return r
}

func (r *reach) add(at []string, c *helmchart.Chart) {
	r.beyond = append(r.beyond, append(slices.Clone(at), chartutil.GlobalKey))
	for _, sub := range c.Dependencies() {
		for _, name := range namesOf(c, sub) {
			below := append(slices.Clone(at), name)
			r.subcharts = append(r.subcharts, below)
			r.add(below, sub)
		}
	}
}

// namesOf are the keys under which a chart holds the values of a subchart: its
// name, and the aliases that Chart.yaml gives it.
func namesOf(c, sub *helmchart.Chart) []string {
	names := []string{sub.Name()}
	for _, d := range c.Metadata.Dependencies {
		if d.Name == sub.Name() {
			names = append(names, cmp.Or(d.Alias, d.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func usesTags(c *helmchart.Chart) bool {
	tagged := func(d *helmchart.Dependency) bool { return len(d.Tags) > 0 }
	return slices.ContainsFunc(c.Metadata.Dependencies, tagged) || slices.ContainsFunc(c.Dependencies(), usesTags)
}

// checkReach refuses parameters that reach beyond the chart's own values,
// unless allowed_parameters names them, and a subchart's values that aren't
// an object: Helm's words would quote them.
func (p Plan) checkReach(parameters map[string]any) error {
	for _, path := range p.reach.subcharts {
		value, given := lookup(parameters, path)
		if _, isMap := value.(map[string]any); given && !isMap {
			return fmt.Errorf("the parameter %s has to be an object: it holds the values of the subchart of that name", where(path))
		}
	}
	for _, path := range p.reach.beyond {
		if value, given := lookup(parameters, path); given {
			if err := p.checkBeyond(path, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBeyond wants the value allowed by name: that one above it is allowed
// isn't enough.
func (p Plan) checkBeyond(path []string, value any) error {
	var named []string
	for _, allowed := range p.AllowedParameters {
		if keys := strings.Split(allowed, "."); len(keys) >= len(path) && slices.Equal(keys[:len(path)], path) {
			named = append(named, allowed)
		}
	}
	if len(named) == 0 {
		return fmt.Errorf("the plan %s doesn't let you set %q: it reaches beyond the chart's own values, to its subcharts; the operator may name it in the plan's allowed_parameters", p.Name, strings.Join(path, "."))
	}
	object, isMap := value.(map[string]any)
	if !isMap {
		return fmt.Errorf("the parameter %s has to be an object", where(path))
	}
	p.AllowedParameters = named
	if p.allows(path) {
		return nil
	}
	if below, refused := p.notAllowed(path, object); refused {
		return fmt.Errorf("the plan %s doesn't let you set %.100q; of it, it lets you set: %s", p.Name, below, strings.Join(named, ", "))
	}
	return nil
}

// lookup finds what stands at a path.
func lookup(values map[string]any, path []string) (value any, found bool) {
	value, found = values, true
	for _, key := range path {
		object, isMap := value.(map[string]any)
		if !isMap {
			return nil, false
		}
		if value, found = object[key]; !found {
			return nil, false
		}
	}
	return value, found
}
