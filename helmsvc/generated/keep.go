package generated

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Live returns the data of a Secret as it is; nil if there is none. The namespace
// is empty where the chart names none.
type Live func(namespace, name string) (map[string][]byte, error)

// Kept is what was put in the place of generated values.
type Kept struct {
	first, second replacements
	// mixed are texts that were kept with what isn't generated of them.
	mixed []candidate
}

// Keep puts into a rendered chart, in the place of what it has generated in Secrets,
// what is in these Secrets so far. again is the chart rendered once more from the
// same input. before is a manifest of what was made last.
//
// A key that the Secret doesn't have so far takes the new value. A certificate and
// its key are kept both or neither. In a longer text, a URI say, a value that stands
// in a Secret by itself is replaced; a text in which anything else was generated
// is kept as a whole. What was made of a kept value elsewhere, such as a
// webhook's caBundle, goes with it.
func Keep(made, again *helmchart.Chart, before string, live Live) (Kept, error) {
	r := read(made, again)
	if err := r.keepSecrets(live); err != nil {
		return Kept{}, err
	}
	if r.first.certificates {
		r.before = objectsOf(before)
	}
	for _, f := range r.files {
		for _, o := range f.objects {
			r.follow(o)
		}
	}
	if r.room.exceeded {
		return Kept{}, &render.ExceededError{What: fmt.Sprintf("%d MB beyond what it renders to, once what its Secrets hold so far is put into it", mostGrowth>>20)}
	}
	return Kept{r.first, r.second, r.mixed}, r.write()
}

// candidate is a generated value in a Secret: in both renderings, and as it is so far.
type candidate struct {
	file          string
	object        *object
	key           string
	first, second string
	live          string
	isLive        bool
	// certified: it is a certificate or its key, or stands beside them in a Secret that
	// is for that.
	certified bool
	// beside are the values of the same Secret that the chart was told.
	beside []string
}

// keepSecrets decides on the Secrets' values. The shortest come first: others may hold them.
func (r *rendering) keepSecrets(live Live) error {
	var all []candidate
	for _, f := range r.files {
		for _, o := range f.objects {
			of, err := r.candidates(o, live)
			if err != nil {
				return err
			}
			for i := range of {
				of[i].file = f.template.Name
			}
			all = append(all, of...)
		}
	}
	partCertificates(all)
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(len(a.first), len(b.first)) })
	for _, c := range all {
		if !c.isLive || c.isOutdated() {
			continue
		}
		first, second := r.first.in(c.first), r.second.in(c.second)
		if first == second && !r.first.has(c.first) {
			c.object.setSecret(c.key, first)
			continue
		}
		c.object.setSecret(c.key, c.live)
		if c.isMixed() {
			r.mixed = append(r.mixed, c)
		}
		r.first.add(c.first, c.live)
		r.second.add(c.second, c.live)
	}
	for _, c := range all {
		if !c.isLive {
			c.object.setSecret(c.key, r.first.in(c.first))
		}
	}
	return nil
}

// longestPrefix is how much of a text, in bytes, may be the same each time without its
// being a text of its own: what names a token's kind, say.
const longestPrefix = 32

// isMixed tells whether much of the text isn't generated, and is kept with what is.
func (c candidate) isMixed() bool {
	shared := 0
	for shared < min(len(c.first), len(c.second)) && c.first[shared] == c.second[shared] {
		shared++
	}
	first, second := c.first[shared:], c.second[shared:]
	for n := 1; n <= min(len(first), len(second)) && first[len(first)-n] == second[len(second)-n]; n++ {
		shared++
	}
	return shared >= longestPrefix && 2*shared >= len(c.first) && !strings.Contains(c.first, "-----BEGIN ") && !bcryptHash.MatchString(c.first)
}

func (r *rendering) candidates(o *object, live Live) ([]candidate, error) {
	twin, found := r.twins[o.identity]
	if !o.isSecret() || !found {
		return nil, nil
	}
	first, second := o.secretData(), twin.secretData()
	var all []candidate
	for _, key := range sortedKeys(first) {
		if other, both := second[key]; both && other != first[key] {
			all = append(all, candidate{object: o, key: key, first: first[key], second: other})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	data, err := live(o.namespace, o.name)
	if err != nil {
		return nil, err
	}
	beside := told(first, second)
	for i := range all {
		all[i].beside = beside
		value, there := data[all[i].key]
		all[i].live, all[i].isLive = string(value), there
	}
	partPairs(o, all)
	return all, nil
}

// certificateBegins is how one begins in PEM (RFC 7468).
const certificateBegins = "-----BEGIN CERTIFICATE-----"

// partPairs has what belongs together kept together: the generated keys of Secrets
// of Kubernetes' own types, and in others certificates with their private keys.
func partPairs(o *object, all []candidate) {
	typed, _ := o.fields["type"].(string)
	isCertificate := func(c candidate) bool { return strings.Contains(c.first, certificateBegins) }
	belongs := func(c candidate) bool { return strings.Contains(c.first, "-----BEGIN ") }
	certified := slices.ContainsFunc(all, isCertificate)
	switch {
	case strings.HasPrefix(typed, "kubernetes.io/"):
		belongs = func(candidate) bool { return true }
	case !certified:
		return
	}
	apart := slices.ContainsFunc(all, func(c candidate) bool { return belongs(c) && !c.isLive })
	for i := range all {
		all[i].certified = certified && belongs(all[i])
		if apart && belongs(all[i]) {
			all[i].isLive = false
		}
	}
}

// partCertificates has the certificates of all Secrets kept or none: which of them signs
// which isn't known, and one that is new would be signed by what isn't kept.
func partCertificates(all []candidate) {
	if !slices.ContainsFunc(all, func(c candidate) bool { return c.certified && !c.isLive }) {
		return
	}
	for i := range all {
		all[i].isLive = all[i].isLive && !all[i].certified
	}
}

// follow replaces kept values where they were put outside of Secrets' data. A
// caBundle stands for a certificate that may be in no Secret: it is kept with those
// that are.
func (r *rendering) follow(o *object) {
	twin, before := r.twins[o.identity], r.before[o.identity]
	o.walk(twin, before, func(d difference) any {
		text, isText := d.first.(string)
		if !isText {
			return d.first
		}
		other, _ := d.second.(string)
		kept := r.first.in(text)
		if was, there := d.before.(string); there && d.isCertificate() && kept != r.second.in(other) {
			return was
		}
		return kept
	})
}

// In replaces kept values in the values that a chart was rendered with: a plan file
// may have generated them. again are those that it was rendered with once more.
func (k Kept) In(values, again map[string]any) map[string]any {
	o := &object{fields: values}
	o.walk(&object{fields: again}, nil, func(d difference) any {
		if text, isText := d.first.(string); isText {
			return k.first.in(text)
		}
		return d.first
	})
	return o.fields
}
