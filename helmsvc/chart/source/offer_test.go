package source_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// TestOffersThatAreRefused says what to do about each.
func TestOffersThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"offer-name: x": "tsmgr.yaml has no charts",
		"charts: [{chart: db, offered: false, scope: namespace}]":            "the chart db isn't offered; give it `offered: true`",
		"charts: [{chart: db, offered: true, scope: cluster}]":               "must have the scope namespace, and what all instances share belongs into OPERATOR_DIR",
		"charts: [{chart: db, offered: true, scope: world}]":                 `the scope "world"`,
		"charts: [{version: 1.2.3}]":                                         "needs the chart's name",
		"charts: [{chart: db, overrides: x}]":                                `unknown field "overrides"`,
		"charts: [{chart: op, scope: cluster}, {chart: db, offered: true}]":  "op, of scope cluster, belongs into OPERATOR_DIR, and out of this file",
		"charts: [{chart: db, offered: true}, {chart: meter}]":               "of db and meter make one chart that has them as dependencies",
		"charts: [{chart: op, scope: cluster}, {chart: db}, {chart: meter}]": "op, of scope cluster, belongs into OPERATOR_DIR, and out of this file; of db and meter make one chart",
	} {
		offer, err := source.ParseOffer([]byte(text))
		if err == nil {
			_, err = offer.Only()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("of %s the error is %v, want %q in it", text, err, want)
		}
	}
}
