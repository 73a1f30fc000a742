package discovery

import "time"

// Options say how Start's service discovery behaves. The zero value is as CF's
// job specs have it: one NATS server with mutual TLS, times in minutes.
type Options struct {
	// Servers is the number of NATS servers, which form a cluster. Default 1.
	Servers int
	// Plain has the NATS servers speak without TLS, as CF's job nats does.
	Plain bool
	// Interval is what the controller announces as the time within which names
	// have to be registered again, in whole seconds. Default 60 s.
	Interval time.Duration
	// Staleness is how long a name lives after it was last registered. Default 180 s.
	Staleness time.Duration
	// Pruning is how often the controller looks for stale names. Default 60 s.
	Pruning time.Duration
	// Warm is how long the controller answers nothing after its start. Default 0;
	// in CF it is the interval.
	Warm time.Duration
	// Domains are those that BOSH DNS has the controller answer for, its job's
	// internal_domains. Default apps.internal.
	Domains []string
}

func (o Options) withDefaults() Options {
	if o.Servers == 0 {
		o.Servers = 1
	}
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.Staleness == 0 {
		o.Staleness = 3 * time.Minute
	}
	if o.Pruning == 0 {
		o.Pruning = time.Minute
	}
	if len(o.Domains) == 0 {
		o.Domains = []string{"apps.internal"}
	}
	return o
}
