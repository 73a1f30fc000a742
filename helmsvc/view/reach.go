package view

import "slices"

// Reach is all that apps may connect to by the view: its endpoints; in a view with
// names all Services' and pods' names as well, a pod's with the ports that it listens
// on; and the shared services' endpoints.
func (v View) Reach() []Endpoint {
	all := append(slices.Clone(v.Endpoints), v.alsoNamed...)
	for _, d := range v.Destinations {
		all = append(all, d.Endpoints...)
	}
	return all
}

// namesOf are the names that the Services and their pods have.
func (v View) namesOf(services []Service, a Addressing) []Endpoint {
	var all []Endpoint
	for _, s := range services {
		for _, e := range s.Endpoints {
			own := Endpoint{Host: a.of(s), Port: e.Port, Protocol: e.Protocol, Name: e.Name}
			if a.ServicePorts {
				own.Port = e.servicePort
			}
			all = append(all, own)
			for _, address := range e.Addresses {
				if host := v.hostAt(address, s, a); host != own.Host {
					all = append(all, Endpoint{Host: host, Port: e.Port, Protocol: e.Protocol, Name: e.Name})
				}
			}
		}
	}
	return all
}
