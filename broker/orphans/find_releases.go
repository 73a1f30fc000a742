package orphans

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
)

// releases compares the records of instances with Helm's. Of a namespace without a record of
// its instance the namespace is told.
func (f *finder) releases() {
	for _, i := range f.Instances {
		c := f.Clusters[i.Cluster]
		if c == nil || i.Operation.Running() || f.young(i.Operation.Started) {
			continue
		}
		if have, read := c.Releases[i.Namespace]; read {
			f.release(i, c, slices.Sorted(maps.Keys(have)))
		}
	}
}

func (f *finder) release(i record.Instance, c *Cluster, have []string) {
	if i.Usable() && !slices.Contains(have, i.Release) {
		f.add(Release, c.named(i.Namespace+"/"+i.Release), fmt.Sprintf("it is of service instance %s, and Helm has no record of it: the instance can't be updated", i.ID),
			"put back the Secrets sh.helm.release.v1.%s.v* from a backup; else cf delete-service, which deletes its data, and create it again", i.Release)
	}
	for _, name := range have {
		if name == i.Release || f.young(c.Releases[i.Namespace][name]) {
			continue
		}
		f.add(Release, c.named(i.Namespace+"/"+name), fmt.Sprintf("it is in the namespace of service instance %s, whose own is %s", i.ID, i.Release),
			"unless somebody needs it: %s", c.run(fmt.Sprintf("helm -n %s uninstall %s", i.Namespace, quoted(name))))
	}
}

// objects looks for the releases of what instances have made outside their namespaces.
func (f *finder) objects() {
	for _, c := range f.clusters() {
		for _, o := range c.Objects {
			if f.young(o.Created) || f.made(c, o) {
				continue
			}
			id, in := o.Resource+" "+o.Name, ""
			if o.Namespace != "" {
				id, in = o.Resource+" "+o.Namespace+"/"+o.Name, "-n "+o.Namespace+" "
			}
			f.add(Object, c.named(id), fmt.Sprintf("release %s of namespace %s made it, and no service instance has that", o.Release, o.ReleaseNamespace),
				"%s", c.command(fmt.Sprintf("kubectl %sdelete %s %s", in, o.Resource, quoted(o.Name))))
		}
	}
}

// made tells whether the object's release has an instance, or its namespace one that may
// be another's, or goes.
func (f *finder) made(c *Cluster, o release.Marked) bool {
	its := func(i record.Instance) bool { return i.Namespace == o.ReleaseNamespace && i.Release == o.Release }
	if slices.ContainsFunc(f.Instances, its) {
		return true
	}
	at := slices.IndexFunc(c.Namespaces, func(n Namespace) bool { return n.Name == o.ReleaseNamespace })
	if at < 0 {
		return c.Present[o.ReleaseNamespace]
	}
	return !f.strangers[c.Namespaces[at].Instance]
}
