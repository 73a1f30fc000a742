package view

// SharedService is a shared service of the cluster that a binding opens beside
// the instance, such as the cluster's DNS.
type SharedService struct {
	Name      string     `json:"name"`
	Endpoints []Endpoint `json:"endpoints"`
}
