package cfapi

// Part is a part of CF, by the name that errors give it.
type Part string

// The parts.
const (
	APIRoot         Part = "the CF API"
	UAA             Part = "UAA"
	PolicyServer    Part = "the policy server"
	CloudController Part = "the cloud controller"
	// CredHub is found by Settings.Known alone.
	CredHub Part = "CredHub"
)

// link is the part's name among the links of the CF API's root.
func (s Part) link() string {
	switch s {
	case PolicyServer:
		return "network_policy_v1"
	case CloudController:
		return "cloud_controller_v3"
	}
	return "uaa"
}

// withoutLink is what to look at when the root lacks the part's link.
func (s Part) withoutLink() string {
	if s == PolicyServer {
		return "is container-to-container networking deployed there?"
	}
	return "check that CF_API_ADDRESS is the CF API, such as https://api.example.com"
}
