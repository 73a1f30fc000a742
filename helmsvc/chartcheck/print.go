package chartcheck

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// width is what lines are broken at, where they have a space to break.
const width = 100

// Print writes the report as text for people. The same report always gives
// the same text.
func (r Report) Print(out io.Writer) error {
	var p printer
	for _, c := range r.Charts {
		p.chart(c)
	}
	plans, mistakes, warnings := r.Count()
	p.line("%s, %s: %s, %s", count(len(r.Charts), "chart"), count(plans, "plan"), count(mistakes, "mistake"), count(warnings, "warning"))
	_, err := io.WriteString(out, p.text.String())
	return err
}

type printer struct{ text strings.Builder }

func (p *printer) line(format string, arguments ...any) {
	_, _ = fmt.Fprintf(&p.text, format+"\n", arguments...)
}

func (p *printer) chart(c Chart) {
	p.line("%s  (%s)", strings.TrimSpace(c.Name+" "+c.Version), c.Folder)
	for _, m := range c.Mistakes {
		p.wrapped("  mistake: ", m)
	}
	for _, w := range c.Warnings {
		p.wrapped("  warning: ", w)
	}
	for _, plan := range c.Plans {
		p.plan(plan)
	}
	p.line("")
}

func (p *printer) plan(plan Plan) {
	state := "ok"
	if n := len(plan.Mistakes); n > 0 {
		state = count(n, "mistake")
	}
	p.line("  plan %s: %s", plan.Name, state)
	for _, m := range plan.Mistakes {
		p.wrapped("    mistake: ", m)
	}
	for _, w := range plan.Warnings {
		p.wrapped("    warning: ", w)
	}
	for _, h := range plan.Hints {
		p.wrapped("    hint: ", h)
	}
	p.objects(plan.Objects)
	if len(plan.ClusterKinds) > 0 {
		p.wrapped("    needs ", fmt.Sprintf("cluster_objects: [%s]", strings.Join(plan.ClusterKinds, ", ")))
	}
	if plan.PodSecurity != "" {
		p.line("    needs pod_security: %s", plan.PodSecurity)
	}
	switch {
	case !plan.Bindable:
		p.line("    not bindable")
	case len(plan.Credentials) > 0:
		p.credentials(plan)
	}
	if len(plan.Ports) > 0 {
		p.line("    bind opens")
	}
	for _, port := range plan.Ports {
		p.line("      %s %d  (%s)", port.Protocol, port.Number, port.Name+atService(port.ServicePorts))
	}
}

// atService tells of the ports that Services have for one of the pods', if they are
// others: with names and addresses alike, apps need the pods'.
func atService(ports []int32) string {
	if len(ports) == 0 {
		return ""
	}
	return "; the Service's port is " + strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]")
}

// objects prints one line for each kind. They are sorted by it.
func (p *printer) objects(objects []Object) {
	if len(objects) == 0 {
		return
	}
	p.line("    objects")
	longest := 0
	for _, o := range objects {
		longest = max(longest, len(o.Kind))
	}
	for i := 0; i < len(objects); {
		kind := objects[i].Kind
		var names []string
		for ; i < len(objects) && objects[i].Kind == kind; i++ {
			names = append(names, objects[i].Name)
		}
		p.wrapped(fmt.Sprintf("      %-*s  ", longest, kind), strings.Join(names, ", "))
	}
}

func (p *printer) credentials(plan Plan) {
	shared := ""
	if plan.Shared {
		shared = ", shared by all bindings of an instance"
	}
	p.line("    credentials by %s%s", cmp.Or(plan.Rule, "no rule: all that there is"), shared)
	fields := plan.Credentials
	longest := 0
	for _, f := range fields {
		longest = max(longest, len(f.Path))
	}
	for _, f := range fields {
		p.line("      %-*s  %s", longest, f.Path, f.Type)
	}
}

// wrapped prints words after a lead, indented under it.
func (p *printer) wrapped(lead, text string) {
	line, empty := lead, true
	for _, word := range strings.Fields(text) {
		if !empty && len(line)+1+len(word) > width {
			p.line("%s", line)
			line, empty = strings.Repeat(" ", len(lead)), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	p.line("%s", line)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
