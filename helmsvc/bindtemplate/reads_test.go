package bindtemplate_test

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
)

func TestReadsParameters(t *testing.T) {
	for text, want := range map[string]bool{
		`{ role: $.binding.parameters.role }`:                       true,
		`{ role: $ . binding . parameters.role }`:                   true,
		`local b = $.binding; { role: b.parameters.role }`:          true,
		`{ all: $.binding }`:                                        true,
		`{ role: $["binding"].parameters.role }`:                    true,
		`local all = $; { role: all.binding.parameters }`:           true,
		`self.binding.parameters`:                                   true,
		`super.binding`:                                             true,
		`{ id: $.binding.id, app: $.binding.app_guid }`:             false,
		`{ id: $.binding.id, role: $.binding.parameters }`:          true,
		`{ size: $.parameters.size, host: $.endpoints[0].host }`:    false,
		`{ host: "x", uri: "redis://%(host)s" % self }`:             false,
		`{ parameters: 1, binding: 2 }`:                             false,
		`{ name: $.release.name, myself: 1, superb: $.services[0]}`: false,
	} {
		if got := (bindtemplate.Template{Text: text}).ReadsParameters(); got != want {
			t.Errorf("%s: reads them: %t, want %t", text, got, want)
		}
	}
}
