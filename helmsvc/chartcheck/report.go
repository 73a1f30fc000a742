package chartcheck

// Report is what was found, chart by chart, in the order of their folders.
type Report struct{ Charts []Chart }

// Chart is one checked chart.
type Chart struct {
	Name string
	// Version is empty if the chart couldn't be loaded.
	Version string
	Folder  string
	// Mistakes are those that keep the whole chart out of the catalog. It has
	// no plans then.
	Mistakes []string
	// Warnings say what of the chart platforms aren't shown.
	Warnings []string
	Plans    []Plan
}

// Plan is what one plan would make.
type Plan struct {
	Name     string
	Bindable bool
	Objects  []Object
	// ClusterKinds are the cluster-scoped kinds that the chart makes, sorted: what
	// the plan's cluster_objects has to name.
	ClusterKinds []string
	// PodSecurity is the Pod Security Standard that the plan would have to say,
	// baseline or privileged; empty if its pods keep to the one that it has.
	PodSecurity string
	// Needs are the keys that the plan lacks for what the chart makes, as plans.yaml
	// writes them, and Lifted is how many of the mistakes they would lift.
	Needs  []string
	Lifted int
	// Operators are the API groups of custom kinds that have to be there already.
	Operators []string
	// Generated are those of the warnings that are about what each update changes.
	Generated []string
	// Insists says that the mistake is the chart's own word for a value that has to be
	// given: a developer's parameter, or one of the plan.
	Insists bool
	// Credentials is the shape of what an app would get.
	Credentials []Field
	// Rule is what makes them: the file of the bind template, a kind of the bind library, or
	// a Secret of the Service Binding Specification; "" for the raw form.
	Rule string
	// Shared says that all bindings of an instance get the same: what one app knows, others do.
	Shared bool
	// Ports are those that bind would open.
	Ports []Port
	// Mistakes keep the plan from working. Warnings say what may go otherwise
	// than the author thinks. Both begin with the file, and the line where it
	// is known, if they are about one. Those that differ in their object only are one
	// warning.
	Mistakes []string
	Warnings []string
	// Hints are about what apps can't reach or look up, though the pods can. They
	// aren't counted.
	Hints []string
}

// Object is one that the release would make.
type Object struct{ Kind, Name string }

// Field is one value of the credentials: where it stands, as in
// "endpoints[].port", and its JSON type, or base64 for a text that stands for
// bytes. There are no values: they would be
// made up, or secret.
type Field struct{ Path, Type string }

// Port is one that bind would open on each pod that listens on it.
type Port struct {
	Number int32
	// Protocol is "tcp" or "udp".
	Protocol string
	Name     string
	// ServicePorts are the numbers that Services have for it, if they have others.
	ServicePorts []int32
}

// Count returns how many plans, mistakes and warnings the report holds.
func (r Report) Count() (plans, mistakes, warnings int) {
	for _, c := range r.Charts {
		plans += len(c.Plans)
		mistakes += len(c.Mistakes)
		warnings += len(c.Warnings)
		for _, p := range c.Plans {
			mistakes += len(p.Mistakes)
			warnings += len(p.Warnings)
		}
	}
	return plans, mistakes, warnings
}
