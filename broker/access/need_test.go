package access

import (
	"slices"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

func to(group string, ports ...int) (all []policy.Policy) {
	for _, port := range ports {
		all = append(all, policy.To("app", group, "tcp", port))
	}
	return all
}

// TestOwnNeed: of what was recorded stays what settings want now, also to pods
// that aren't there at the moment.
func TestOwnNeed(t *testing.T) {
	within := func(from, to string) []policy.Policy {
		return []policy.Policy{policy.Range(from, to, "tcp", 1, 65535), policy.Range(from, to, "udp", 1, 65535)}
	}
	dns := func(from, to string) []policy.Policy {
		return []policy.Policy{policy.To(from, to, "tcp", 53), policy.To(from, to, "udp", 53)}
	}
	for name, c := range map[string]struct {
		settings Settings
		recorded []policy.Policy
		groups   []string
		want     []policy.Policy
	}{
		"nothing":                     {Settings{}, nil, []string{"i"}, nil},
		"new settings":                {Settings{WithinInstance: true, DNSGroup: "d"}, nil, []string{"i"}, slices.Concat(within("i", "i"), dns("i", "d"))},
		"unchanged":                   {Settings{WithinInstance: true, DNSGroup: "d"}, slices.Concat(within("i", "i"), dns("i", "d")), []string{"i"}, slices.Concat(within("i", "i"), dns("i", "d"))},
		"both taken back":             {Settings{}, slices.Concat(within("i", "i"), dns("i", "d")), []string{"i"}, nil},
		"within taken back":           {Settings{DNSGroup: "d"}, slices.Concat(within("i", "i"), dns("i", "d")), []string{"i"}, dns("i", "d")},
		"another group":               {Settings{DNSGroup: "e"}, dns("i", "d"), []string{"i"}, dns("i", "e")},
		"a workload that is gone":     {Settings{WithinInstance: true}, slices.Concat(within("i", "w"), within("w", "w")), []string{"i"}, slices.Concat(within("i", "i"), within("i", "w"), within("w", "w"))},
		"a workload, and taken back":  {Settings{DNSGroup: "e"}, slices.Concat(within("i", "w"), dns("w", "d"), dns("w", "e")), []string{"i"}, slices.Concat(dns("i", "e"), dns("w", "e"))},
		"a workload that is new":      {Settings{WithinInstance: true}, within("i", "i"), []string{"i", "w"}, slices.Concat(within("i", "i"), within("i", "w"), within("w", "i"), within("w", "w"))},
		"nothing recorded, no groups": {Settings{WithinInstance: true, DNSGroup: "d"}, nil, nil, nil},
	} {
		e := &Access{settings: c.settings}
		if have := e.ownNeed(record.Binding{Policies: c.recorded}, c.groups, nil); !policy.Same(have.policies, c.want) || len(have.shared) != 0 {
			t.Errorf("%s: %+v, want %+v", name, have, c.want)
		}
	}
}

// TestOperatorNeed: an instance and the operators that it uses reach each other, also
// where its workloads come and go; an operator that it uses no longer doesn't.
func TestOperatorNeed(t *testing.T) {
	a := &Access{settings: Settings{WithinInstance: true}}
	within, with := a.ownPolicies([]string{"i"}), operatorPolicies([]string{"i"}, []string{"o"})
	workload := a.ownPolicies([]string{"i", "w"})
	for name, c := range map[string]struct {
		recorded  []policy.Policy
		shared    []string
		operators []string
		want      []policy.Policy
	}{
		"new":                    {within, nil, []string{"o"}, slices.Concat(within, with)},
		"unchanged":              {slices.Concat(within, with), []string{"o"}, []string{"o"}, slices.Concat(within, with)},
		"not used any more":      {slices.Concat(within, with), []string{"o"}, nil, within},
		"another one":            {slices.Concat(within, with), []string{"o"}, []string{"q"}, slices.Concat(within, operatorPolicies([]string{"i"}, []string{"q"}))},
		"a workload that's gone": {slices.Concat(workload, with), []string{"o"}, []string{"o"}, slices.Concat(workload, operatorPolicies([]string{"i", "w"}, []string{"o"}))},
	} {
		have := a.ownNeed(record.Binding{Policies: c.recorded, SharedGroups: c.shared}, []string{"i"}, c.operators)
		if !policy.Same(have.policies, c.want) || !slices.Equal(have.shared, c.operators) {
			t.Errorf("%s: %+v, want %+v", name, have, c.want)
		}
	}
}

// TestBindingNeed: what leads to the instance goes by its pods, and what leads
// to shared services by what is wanted of them now.
func TestBindingNeed(t *testing.T) {
	at := func(ports ...int32) (all []view.Endpoint) {
		for _, port := range ports {
			all = append(all, view.Endpoint{Port: port, Protocol: "tcp"})
		}
		return all
	}
	for name, c := range map[string]struct {
		recorded []policy.Policy
		groups   []string // that are recorded as shared
		pods     pods
		shared   []policy.Policy
		want     []policy.Policy
	}{
		"new":                         {nil, nil, pods{group: "i", endpoints: at(80), all: true}, to("s", 53), slices.Concat(to("i", 80), to("s", 53))},
		"no pods now":                 {to("i", 80), nil, pods{group: "i"}, nil, to("i", 80)},
		"another port":                {to("i", 80), nil, pods{group: "i", endpoints: at(90), all: false}, nil, to("i", 80, 90)},
		"another port, updated":       {to("i", 80), nil, pods{group: "i", endpoints: at(90), all: true}, nil, to("i", 90)},
		"taken back":                  {slices.Concat(to("i", 80), to("s", 53)), []string{"s"}, pods{group: "i", endpoints: at(80), all: false}, nil, to("i", 80)},
		"taken back, no pods":         {slices.Concat(to("i", 80), to("s", 53)), []string{"s"}, pods{group: "i"}, nil, to("i", 80)},
		"taken back with an update":   {slices.Concat(to("i", 80), to("s", 53)), []string{"s"}, pods{group: "i", endpoints: at(80), all: true}, nil, to("i", 80)},
		"wanted since":                {to("i", 80), nil, pods{group: "i", endpoints: at(80), all: false}, to("s", 53), slices.Concat(to("i", 80), to("s", 53))},
		"another group":               {slices.Concat(to("i", 80), to("s", 53)), []string{"s"}, pods{group: "i", endpoints: at(80), all: false}, to("r", 53), slices.Concat(to("i", 80), to("r", 53))},
		"another port of it":          {to("s", 53), []string{"s"}, pods{group: "i"}, to("s", 54), to("s", 54)},
		"one of two taken back":       {slices.Concat(to("r", 1), to("s", 53)), []string{"r", "s"}, pods{group: "i"}, to("s", 53), to("s", 53)},
		"a range covers it":           {[]policy.Policy{policy.Range("app", "i", "tcp", 80, 90)}, nil, pods{group: "i", endpoints: at(85), all: false}, nil, []policy.Policy{policy.Range("app", "i", "tcp", 80, 90)}},
		"a workload's own group":      {to("w", 80), nil, pods{group: "i", endpoints: []view.Endpoint{{Port: 80, Protocol: "tcp", PolicyGroup: "w"}}, all: false}, to("s", 53), slices.Concat(to("w", 80), to("s", 53))},
		"the service shares itself":   {to("i", 80), []string{"i"}, pods{group: "i"}, nil, to("i", 80)},
		"an app made again":           {to("o", 80), nil, pods{group: "i", former: []string{"o"}, endpoints: at(80)}, nil, slices.Concat(to("i", 80), to("o", 80))},
		"ports in a row":              {nil, nil, pods{group: "i", endpoints: at(80, 81), all: true}, nil, []policy.Policy{policy.Range("app", "i", "tcp", 80, 81)}},
		"the pods can't be asked now": {to("i", 80), nil, pods{group: "i"}, to("s", 53), slices.Concat(to("i", 80), to("s", 53))},
	} {
		b := record.Binding{AppGUID: "app", Policies: c.recorded, SharedGroups: c.groups}
		have := bindingNeed(b, c.pods, c.shared)
		if !policy.Same(have.policies, c.want) || !slices.Equal(have.shared, policy.Groups(c.shared)) {
			t.Errorf("%s: %+v, want %+v", name, have, c.want)
		}
	}
}

// TestSharedNeed: a plan's destinations are those of the catalog. Of a plan that
// isn't offered any more nothing is opened anew.
func TestSharedNeed(t *testing.T) {
	destination := func(group string, port int32) []chart.SharedService {
		return []chart.SharedService{{Group: group, Ports: []chart.Port{{Number: port, Protocol: "tcp"}}}}
	}
	for name, c := range map[string]struct {
		setting  []chart.SharedService
		offered  *chart.Plan
		kept     []chart.SharedService
		recorded []policy.Policy
		want     []policy.Policy
	}{
		"the setting":                  {destination("s", 53), &chart.Plan{ID: "p"}, nil, nil, to("s", 53)},
		"the plan's now":               {nil, &chart.Plan{ID: "p", Destinations: destination("n", 53)}, destination("k", 53), to("k", 53), to("n", 53)},
		"both":                         {destination("s", 53), &chart.Plan{ID: "p", Destinations: destination("n", 53)}, nil, nil, slices.Concat(to("n", 53), to("s", 53))},
		"taken back by the plan":       {nil, &chart.Plan{ID: "p"}, destination("k", 53), to("k", 53), nil},
		"not offered":                  {nil, nil, destination("k", 53), to("k", 53), to("k", 53)},
		"not offered, closed before":   {nil, nil, destination("k", 53), nil, nil},
		"not offered, and the setting": {destination("s", 53), nil, destination("k", 53), nil, to("s", 53)},
	} {
		catalog := &chart.Live{}
		if c.offered != nil {
			catalog.Replace(chart.Catalog{Services: []chart.Service{{ID: "s", Plans: []chart.Plan{*c.offered}}}})
		}
		e := &Access{settings: Settings{Shared: c.setting}, charts: locate.NewCharts(catalog, nil, nil)}
		b := record.Binding{AppGUID: "app", Policies: c.recorded}
		have := e.sharedNeed(b, record.Instance{ServiceID: "s", PlanID: "p"}, chart.Plan{Destinations: c.kept})
		if !policy.Same(have, c.want) {
			t.Errorf("%s: %+v, want %+v", name, have, c.want)
		}
	}
}
