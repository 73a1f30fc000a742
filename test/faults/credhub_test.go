package faults

import (
	"strings"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// credHubClient is the setting by which a world keeps credentials in CredHub.
const credHubClient = "CH_UAA_CLIENT_NAME"

// inCredHub is where a binding's credentials are kept.
func inCredHub(i *instance, binding string) string {
	return "/c/cf-helm-broker/" + i.Service.Name + "/" + binding + "/secrets-and-services"
}

// keepInCredHub lets the client into CredHub.
func (w *world) keepInCredHub(settings map[string]string) {
	client := cf.Client{ID: settings[credHubClient], Secret: uuid.NewString(), Authorities: []string{"credhub.read", "credhub.write"}}
	w.cf.AddClient(client)
	w.cf.Permit(client.ID, "/c/cf-helm-broker/*")
	settings["CH_UAA_CLIENT_SECRET"] = client.Secret
}

// handedOut are words of what a binding of the instance is handed out: a reference, or
// the address of its pod.
func (w *world) handedOut(i *instance, binding string) string {
	if w.credHub {
		return reference(inCredHub(i, binding))
	}
	return w.podIP(i)
}

func reference(name string) string { return `{"credhub-ref":"` + name + `"}` }

// credHubDifferences compares who may read what in CredHub with the bindings that there are:
// an app its own binding's credentials, and nobody what is left of others.
func (w *world) credHubDifferences() []string {
	have, want := w.cf.Credentials(), map[string]string{}
	for _, i := range w.instances {
		for binding, app := range i.bindings {
			if w.credHub {
				name, address := inCredHub(i, binding), w.podIP(i)
				want[name] = address + " for mtls-app:" + app
				if strings.Contains(have[name], address) {
					have[name] = address
				}
			}
		}
	}
	for path, actors := range w.cf.Readers() {
		if !strings.HasSuffix(path, "/*") { // the broker's own
			have[path] += " for " + strings.Join(actors, ", ")
		}
	}
	return compare("in CredHub", have, want)
}
