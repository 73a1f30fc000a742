package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// What Cloud Foundry's cloud controller takes of a catalog; for a single text
// that is longer it refuses the whole of it, other charts' services included
// (cloud_controller_ng, lib/services/service_brokers/v2). It counts
// characters. Metadata it keeps as JSON in a column that MySQL bounds, names in
// one of 255 characters.
const (
	longestDescription = 10_000
	longestTags        = 2_048 // of a service, joined
	longestRelease     = 2_000 // maintenance_info, as JSON
	longestName        = 255
	longestMetadata    = 65_535 // bytes
	// longestURL is this broker's own limit, so that the rest has room.
	longestURL = 2_048
)

// Listing is what platforms are shown of a service, within what they take.
// What is shown of a plan stands in the Plan, likewise.
type Listing struct {
	Description string
	Tags        []string
	// Release says which version of the chart it is, in words.
	Release  string
	Metadata ListingMetadata
	// Cut says what of the chart isn't shown, or not whole, and why.
	Cut []string
}

// ListingMetadata is what a marketplace may show besides.
type ListingMetadata struct {
	DisplayName, LongDescription, Image, Documentation, Support string
}

// Listing is what platforms are shown of the service.
func (s Service) Listing() Listing { return s.listing }

// list makes the listing, and has the plans fit.
func (s *Service) list() {
	metadata := s.chart.Metadata
	l := Listing{
		// OSBAPI requires a description, Chart.yaml doesn't.
		Description: filled(metadata.Description, "Helm chart "+metadata.Name),
		Release:     s.release(),
		Metadata: ListingMetadata{
			DisplayName: s.DisplayName(), LongDescription: clean(s.LongDescription()),
			Image: metadata.Icon, Documentation: metadata.Home, Support: clean(s.SupportURL()),
		},
	}
	l.shorten("Chart.yaml: description", &l.Description, longestDescription)
	l.fitTags(metadata.Keywords)
	l.fitMetadata()
	if s.HasSchema() && slices.ContainsFunc(s.Plans, func(p Plan) bool { return p.Schemas.Create == nil || p.Schemas.Update == nil }) {
		l.noteSchema("values.schema.json", &Schema{Document: s.schema})
	}
	for n := range s.Plans {
		l.fitPlan(&s.Plans[n])
	}
	s.listing = l
}

// release is what maintenance_info says to people.
func (s *Service) release() string {
	metadata := s.chart.Metadata
	short := "Chart version " + metadata.Version
	if metadata.AppVersion == "" {
		return short
	}
	long := fmt.Sprintf("%s (%s %s)", short, metadata.Name, metadata.AppVersion)
	if sizeAsJSON(map[string]string{"version": s.Version(), "description": long}) > longestRelease {
		return short
	}
	return long
}

func (l *Listing) cut(format string, arguments ...any) {
	l.Cut = append(l.Cut, fmt.Sprintf(format, arguments...))
}

// shorten ends a text that is too long in an ellipsis.
func (l *Listing) shorten(what string, text *string, most int) {
	characters := utf8.RuneCountInString(*text)
	if characters <= most {
		return
	}
	*text = string([]rune(*text)[:most-1]) + "…"
	l.cut("%s: the catalog shows the first %d of %d characters, since Cloud Foundry takes no more than %d", what, most-1, characters, most)
}

// fitTags leaves out the tags that have no room.
func (l *Listing) fitTags(all []string) {
	room := longestTags
	for _, tag := range all {
		if n := utf8.RuneCountInString(tag); n <= room {
			l.Tags = append(l.Tags, tag)
			room -= n
		}
	}
	if n := len(all) - len(l.Tags); n > 0 {
		l.cut("Chart.yaml: keywords: %d of %d aren't shown in the catalog, since Cloud Foundry takes no more than %d characters of them in all", n, len(all), longestTags)
	}
}

func (l *Listing) fitMetadata() {
	m := &l.Metadata
	l.shorten("Chart.yaml: annotation "+displayNameAnnotation, &m.DisplayName, longestName)
	l.shorten("Chart.yaml: annotation "+longTextAnnotation, &m.LongDescription, longestDescription)
	l.dropURL("Chart.yaml: home", &m.Documentation)
	l.dropURL("Chart.yaml: annotation "+supportAnnotation, &m.Support)
	for _, part := range []struct {
		name string
		text *string
	}{{"icon", &m.Image}, {"annotation " + longTextAnnotation, &m.LongDescription}} {
		if sizeAsJSON(m) > longestMetadata && *part.text != "" {
			*part.text = ""
			l.cut("Chart.yaml: %s: the catalog doesn't show it, since Cloud Foundry takes no more than %d bytes of a service's metadata", part.name, longestMetadata)
		}
	}
}

func (l *Listing) dropURL(what string, address *string) {
	if n := len(*address); n > longestURL {
		*address = ""
		l.cut("%s: the catalog doesn't show it, since it has %d characters, and may have %d", what, n, longestURL)
	}
}

// fitPlan does the same for a plan.
func (l *Listing) fitPlan(p *Plan) {
	what := fmt.Sprintf("plan %q: ", p.Name)
	p.Description = filled(p.Description, p.Name)
	l.shorten(what+"description", &p.Description, longestDescription)
	p.DisplayName = filled(p.DisplayName, p.Name)
	l.shorten(what+"display_name", &p.DisplayName, longestName)
	for n := range p.Bullets {
		p.Bullets[n] = clean(p.Bullets[n])
	}
	size := func() int { return sizeAsJSON([]any{p.DisplayName, p.Bullets, p.Costs}) }
	all := len(p.Bullets)
	for size() > longestMetadata && len(p.Bullets) > 0 {
		p.Bullets = p.Bullets[:len(p.Bullets)-1]
	}
	if n := all - len(p.Bullets); n > 0 {
		l.cut("%sbullets: %d of %d aren't shown in the catalog, since Cloud Foundry takes no more than %d bytes of a plan's metadata", what, n, all, longestMetadata)
	}
	if size() > longestMetadata {
		p.Costs = nil
		l.cut("%scosts: the catalog doesn't show them, since Cloud Foundry takes no more than %d bytes of a plan's metadata", what, longestMetadata)
	}
	l.noteSchema(what+"the schema for create", p.Schemas.Create)
	l.noteSchema(what+"the schema for update", p.Schemas.Update)
	l.noteSchema(what+"the schema for bind", p.Schemas.Bind)
}

func (l *Listing) noteSchema(what string, schema *Schema) {
	if schema != nil && schema.Document == nil {
		l.cut("%s: the catalog doesn't show it, since it has more than 64 kB, refers to other schemas, or isn't of draft 4; parameters are checked against it all the same", what)
	}
}

// filled is the text or, if that is blank, which platforms refuse, another.
func filled(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return clean(otherwise)
	}
	return clean(text)
}

// clean drops what PostgreSQL stores in no text.
func clean(text string) string { return strings.ReplaceAll(text, "\x00", "") }

func sizeAsJSON(value any) int {
	text, _ := json.Marshal(value) // strings and finite numbers
	return len(text)
}

// checkListing finds what can't be cut: names that platforms don't take.
func (s Service) checkListing() error {
	name := s.Name
	if strings.TrimSpace(name) != name {
		return errors.New("Chart.yaml: the name must neither begin nor end with a blank, which platforms cut off")
	}
	if n := utf8.RuneCountInString(name); n > longestName {
		return fmt.Errorf("Chart.yaml: the name %.20q… has %d characters; platforms take %d at most", name, n, longestName)
	}
	for _, p := range s.Plans {
		if n := utf8.RuneCountInString(p.ID); n > longestName {
			return fmt.Errorf("plans.yaml: the plan name %.20q… has %d characters; platforms take %d at most", p.Name, len(p.Name), longestName-(n-len(p.Name)))
		}
	}
	return nil
}
