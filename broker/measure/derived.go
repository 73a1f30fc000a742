package measure

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Derived is what nobody keeps count of: each scrape asks for it.
type Derived struct {
	// Instances is what the records say.
	Instances func() Instances
	// Queues are where work waits for its turn, by name.
	Queues map[string]Queue
	// Ends is when the broker's credentials end, by what names them.
	Ends func() map[string]time.Time
	// Agents tells of the nodes of the broker's cluster; nil: nobody waits for them.
	Agents func(context.Context) (there, lagging int, err error)
}

// Instances are all of them.
type Instances struct {
	Plans []Plan
	// Oldest is when the operation was asked for that runs the longest; zero: none runs.
	Oldest time.Time
}

// Plan is how many instances there are of it, and how many more it admits.
type Plan struct {
	Service, Plan string
	Instances     int
	Left          int
	Bounded       bool // Left counts; else there may be any number
}

// Queue is where work waits for its turn.
type Queue interface {
	Waiting() int          // now
	Turns() int            // so far
	Waited() time.Duration // for all of them together
}

// Register has the registry ask for it.
func (d Derived) Register(registry prometheus.Registerer) {
	registry.MustRegister(instancesNow{
		ask:    d.Instances,
		there:  prometheus.NewDesc("cf_helm_broker_plan_instances", "Service instances of a plan; of one that isn't offered any more by its chart and its id.", []string{"service", "plan"}, nil),
		left:   prometheus.NewDesc("cf_helm_broker_plan_instances_left", "How many more the plan's quota and its service's admit; of plans that have one.", []string{"service", "plan"}, nil),
		oldest: prometheus.NewDesc("cf_helm_broker_oldest_operation_seconds", "How long ago the operation on an instance was asked for that has been running longest; 0: none runs.", nil, nil),
	})
	registry.MustRegister(endsNow{ask: d.Ends, end: prometheus.NewDesc("cf_helm_broker_credential_not_after_timestamp_seconds",
		"When a certificate or token ends by which the broker is known: that of a setting, of the pod's service-account, or of the cluster of a plan (service/plan).", []string{"credential"}, nil)})
	if d.Agents != nil {
		registry.MustRegister(agentsNow{
			ask:     d.Agents,
			there:   prometheus.NewDesc("cf_helm_broker_agents", "Nodes of the broker's own cluster whose agent says when it has looked for policies (with BIND_WAITS_FOR_NODES).", nil, nil),
			lagging: prometheus.NewDesc("cf_helm_broker_agents_lagging", "Of those, the ones that a bind has waited for in vain and that haven't looked for policies since.", nil, nil),
		})
	}
	for name, queue := range d.Queues {
		registerQueue(registry, prometheus.Labels{"queue": name}, queue)
	}
}

func registerQueue(registry prometheus.Registerer, labels prometheus.Labels, queue Queue) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "cf_helm_broker_queue_length", ConstLabels: labels,
			Help: "What waits for a turn: operations (OPERATIONS_AT_ONCE) or, of those, Helm's work (OPERATION_WORKERS).",
		}, func() float64 { return float64(queue.Waiting()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cf_helm_broker_queue_turns_total", ConstLabels: labels,
			Help: "Turns that there have been.",
		}, func() float64 { return float64(queue.Turns()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cf_helm_broker_queue_waited_seconds_total", ConstLabels: labels,
			Help: "How long these turns were waited for, all together.",
		}, func() float64 { return queue.Waited().Seconds() }))
}

// instancesNow asks once a scrape for what several metrics tell.
type instancesNow struct {
	ask                 func() Instances
	there, left, oldest *prometheus.Desc
}

var _ prometheus.Collector = instancesNow{}

// Describe tells of the metrics.
func (n instancesNow) Describe(all chan<- *prometheus.Desc) {
	all <- n.there
	all <- n.left
	all <- n.oldest
}

// Collect tells the metrics.
func (n instancesNow) Collect(all chan<- prometheus.Metric) {
	now := n.ask()
	gauge := func(what *prometheus.Desc, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, labels...)
	}
	for _, p := range now.Plans {
		gauge(n.there, float64(p.Instances), p.Service, p.Plan)
		if p.Bounded {
			gauge(n.left, float64(p.Left), p.Service, p.Plan)
		}
	}
	age := 0.0
	if !now.Oldest.IsZero() {
		age = time.Since(now.Oldest).Seconds()
	}
	gauge(n.oldest, age)
}

// endsNow asks at each scrape when credentials end.
type endsNow struct {
	ask func() map[string]time.Time
	end *prometheus.Desc
}

var _ prometheus.Collector = endsNow{}

// Describe tells of the metric.
func (n endsNow) Describe(all chan<- *prometheus.Desc) { all <- n.end }

// Collect tells the metric.
func (n endsNow) Collect(all chan<- prometheus.Metric) {
	for name, end := range n.ask() {
		all <- prometheus.MustNewConstMetric(n.end, prometheus.GaugeValue, float64(end.Unix()), name)
	}
}
