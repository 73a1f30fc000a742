package record

import "encoding/json"

// Endpoint is a host that an app connects to, in the form of OSBAPI ("Endpoint
// Object").
type Endpoint struct {
	Host string `json:"host"`
	// Ports are single ones, "5432", and ranges, "9000-9010".
	Ports []string `json:"ports"`
	// Protocol is "tcp" or "udp".
	Protocol string `json:"protocol"`
}

// Issued is what a binding hands out. As JSON it is the credentials: brokerapi has
// no field for the endpoints, which broker/web adds to the answer.
type Issued struct {
	Credentials json.RawMessage
	Endpoints   []Endpoint
}

// Issued is what the binding hands out: the credentials, or a reference to them, which
// Cloud Foundry's apps know how to follow.
func (b Binding) Issued() Issued {
	if b.CredHub == nil {
		return Issued{b.Credentials, b.Endpoints}
	}
	reference, _ := json.Marshal(map[string]string{"credhub-ref": b.CredHub.Name}) // strings always have a JSON
	return Issued{reference, b.Endpoints}
}

// MarshalJSON gives the credentials.
func (i Issued) MarshalJSON() ([]byte, error) { return i.Credentials.MarshalJSON() }
