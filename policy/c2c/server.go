package c2c

// server is a part of CF, by the name that errors give it.
type server string

const (
	apiRoot         server = "the CF API"
	uaa             server = "UAA"
	policyServer    server = "the policy server"
	cloudController server = "the cloud controller"
)

// link is the part's name among the links of the CF API's root.
func (s server) link() string {
	switch s {
	case policyServer:
		return "network_policy_v1"
	case cloudController:
		return "cloud_controller_v3"
	}
	return "uaa"
}

// withoutLink is what to look at when the root lacks the part's link.
func (s server) withoutLink() string {
	if s == policyServer {
		return "is container-to-container networking deployed there?"
	}
	return "check that CF_API_ADDRESS is the CF API, such as https://api.example.com"
}
