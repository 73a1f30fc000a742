package source

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// OfferFile is the file by which Tanzu Service Manager makes a service of charts.
const OfferFile = "tsmgr.yaml"

// Offer is a tsmgr.yaml.
type Offer struct {
	// Name is the service's; empty: the chart's.
	Name string `json:"offer-name"`
	// Charts were installed in this order.
	Charts []OfferedChart `json:"charts"`
}

// OfferedChart is a chart of an offer.
type OfferedChart struct {
	Name    string `json:"chart"`
	Version string `json:"version"`
	// Offered: apps bind to this one.
	Offered *bool `json:"offered"`
	// Scope is namespace, for a chart that each instance has, or cluster, for one
	// that all instances share; empty: namespace.
	Scope string `json:"scope"`
	// Overrides is a file in overrides/: values over the chart's and under the plan's.
	Overrides string `json:"overrideValuesFile"`
}

// ParseOffer reads a tsmgr.yaml. Keys that aren't known are refused.
func ParseOffer(text []byte) (Offer, error) {
	var offer Offer
	if err := yaml.UnmarshalStrict(text, &offer); err != nil {
		return Offer{}, fmt.Errorf("%s: %w", OfferFile, err)
	}
	return offer, nil
}

// Only is the offer's one chart. The error says what to do with an offer that
// needs others.
func (o Offer) Only() (OfferedChart, error) {
	if len(o.Charts) == 0 {
		return OfferedChart{}, errors.New(OfferFile + " has no charts; list the one that it offers, or remove the file")
	}
	if len(o.Charts) > 1 {
		return OfferedChart{}, o.several()
	}
	only := o.Charts[0]
	switch {
	case only.Name == "":
		return OfferedChart{}, errors.New(OfferFile + ": the entry of charts needs the chart's name as `chart`")
	case only.Offered != nil && !*only.Offered:
		return OfferedChart{}, fmt.Errorf("%s: the chart %s isn't offered; give it `offered: true`", OfferFile, only.Name)
	case cmp.Or(only.Scope, "namespace") != "namespace":
		return OfferedChart{}, fmt.Errorf("%s: the chart %s has the scope %q; what is offered must have the scope namespace, and what all instances share belongs into OPERATOR_DIR", OfferFile, only.Name, only.Scope)
	}
	return only, nil
}

func (o Offer) several() error {
	var shared, each []string
	for _, c := range o.Charts {
		if c.Scope == "cluster" {
			shared = append(shared, c.Name)
		} else {
			each = append(each, c.Name)
		}
	}
	var todo []string
	if len(shared) > 0 {
		todo = append(todo, fmt.Sprintf("%s, of scope cluster, belongs into OPERATOR_DIR, and out of this file", strings.Join(shared, " and ")))
	}
	if len(each) > 1 {
		todo = append(todo, fmt.Sprintf("of %s make one chart that has them as dependencies, with their overrides in its values.yaml, or leave out what isn't needed", strings.Join(each, " and ")))
	}
	return fmt.Errorf("%s has %d charts, and an instance is one release of one chart: %s", OfferFile, len(o.Charts), strings.Join(todo, "; "))
}
