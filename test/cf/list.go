package cf

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listQuery is a list request's query: the filters, each a comma list, and the
// page wanted.
type listQuery struct {
	values        url.Values
	page, perPage int
}

// readQuery reads the query of a list, else answers why it can't. A parameter
// that isn't among the filters is refused, as by the cloud controller.
func readQuery(w http.ResponseWriter, r *http.Request, filters ...string) (listQuery, bool) {
	query, wrong := parseQuery(r, filters...)
	if wrong != "" {
		writeCCError(w, http.StatusBadRequest, 10005, "CF-BadQueryParameter", "The query parameter is invalid: "+wrong)
	}
	return query, wrong == ""
}

// parseQuery is readQuery for who answers itself what is wrong.
func parseQuery(r *http.Request, filters ...string) (query listQuery, wrong string) {
	query = listQuery{values: r.URL.Query(), page: 1, perPage: 50}
	known := append([]string{"page", "per_page"}, filters...)
	for key := range query.values {
		if !slices.Contains(known, key) {
			return query, fmt.Sprintf("Unknown query parameter(s): '%s'. Valid parameters are: '%s'", key, strings.Join(known, "', '"))
		}
	}
	if strings.Contains(query.values.Get("label_selector"), "(") {
		return query, "label_selector: the stand-in knows neither in nor notin"
	}
	if !query.number("page", &query.page) {
		return query, "Page must be greater than 0"
	}
	if !query.number("per_page", &query.perPage) || query.perPage > 5000 {
		return query, "Per page must be between 1 and 5000"
	}
	return query, ""
}

// number sets into when the query has the key, false if it isn't above 0.
func (q listQuery) number(key string, into *int) bool {
	if !q.values.Has(key) {
		return true
	}
	n, err := strconv.Atoi(q.values.Get(key))
	*into = n
	return err == nil && n > 0
}

// has says whether a value passes the filter of that name, which it does when
// there is none. As the cloud controller does, it splits the filter at commas
// and then unescapes each part: a value with a comma or a percent sign must be
// escaped twice. What can't be unescaped is taken as it is.
func (q listQuery) has(filter, value string) bool {
	return !q.values.Has(filter) || slices.ContainsFunc(strings.Split(q.values.Get(filter), ","), func(part string) bool {
		part = strings.TrimLeft(part, " ")
		unescaped, err := url.PathUnescape(part)
		return unescaped == value || err != nil && part == value
	})
}

// hasAny says whether one of the values passes the filter.
func (q listQuery) hasAny(filter string, values []string) bool {
	return !q.values.Has(filter) || slices.ContainsFunc(values, func(value string) bool { return q.has(filter, value) })
}

// selects says whether the labels pass label_selector: key, !key, key=value,
// key==value and key!=value, with commas between.
func (q listQuery) selects(labels map[string]string) bool {
	if !q.values.Has("label_selector") {
		return true
	}
	for requirement := range strings.SplitSeq(q.values.Get("label_selector"), ",") {
		if !meets(labels, requirement) {
			return false
		}
	}
	return true
}

func meets(labels map[string]string, requirement string) bool {
	if key, value, ok := strings.Cut(requirement, "!="); ok {
		return labels[key] != value
	}
	if key, value, ok := strings.Cut(requirement, "="); ok {
		return labels[key] == strings.TrimPrefix(value, "=")
	}
	if key, ok := strings.CutPrefix(requirement, "!"); ok {
		_, has := labels[key]
		return !has
	}
	_, has := labels[requirement]
	return has
}

type pagination struct {
	TotalResults int   `json:"total_results"`
	TotalPages   int   `json:"total_pages"`
	First        link  `json:"first"`
	Last         link  `json:"last"`
	Next         *link `json:"next"`
	Previous     *link `json:"previous"`
}

// writePage answers with one page of a list, and links to the others:
// https://v3-apidocs.cloudfoundry.org/#pagination
func writePage[T, R any](w http.ResponseWriter, address string, query listQuery, found []T, show func(T) R) {
	pages := max(1, (len(found)+query.perPage-1)/query.perPage)
	to := func(page int) *link {
		if page < 1 || page > pages {
			return nil
		}
		values := url.Values{}
		for key, value := range query.values {
			values[key] = value
		}
		values.Set("page", strconv.Itoa(page))
		values.Set("per_page", strconv.Itoa(query.perPage))
		return &link{Href: address + "?" + values.Encode()}
	}
	start := len(found)
	if query.page <= pages {
		start = (query.page - 1) * query.perPage
	}
	end := min(len(found), start+query.perPage)
	resources := make([]R, 0, end-start)
	for _, item := range found[start:end] {
		resources = append(resources, show(item))
	}
	writeJSON(w, http.StatusOK, struct {
		Pagination pagination `json:"pagination"`
		Resources  []R        `json:"resources"`
	}{
		Pagination: pagination{TotalResults: len(found), TotalPages: pages, First: *to(1), Last: *to(pages),
			Next: to(query.page + 1), Previous: to(query.page - 1)},
		Resources: resources,
	})
}
