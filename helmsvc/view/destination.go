package view

// Destination is a shared service of the cluster that a binding opens beside
// the instance, such as the cluster's DNS.
type Destination struct {
	Name      string     `json:"name"`
	Endpoints []Endpoint `json:"endpoints"`
}
