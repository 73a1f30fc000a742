package securitygroup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

const (
	longest = 5000 // groups a page
	looks   = 3    // at a list that changes while it is read
)

// errNotOurs is of a group that nothing is done to.
var errNotOurs = errors.New("isn't the broker's, since none of its rules says so, and is left alone; rename or delete it")

// look returns the broker's groups of the whole foundation
// (GET /v3/security_groups?per_page=5000).
func (e *Enforcer) look(ctx context.Context) (map[place]group, error) {
	for range looks {
		all, whole, err := e.list(ctx)
		if err != nil {
			return nil, err
		}
		if !whole {
			continue
		}
		found := map[place]group{}
		for _, each := range all {
			if g, ours := read(each); ours {
				found[g.place] = g
			}
		}
		return found, nil
	}
	return nil, errors.New("the foundation's list of security groups changed each time that its pages were read; try again")
}

// list reads all pages. It isn't whole if a group was made or deleted between two of
// them: others then move to a page that has been read.
func (e *Enforcer) list(ctx context.Context) (all map[string]*resource.SecurityGroup, whole bool, err error) {
	all, whole = map[string]*resource.SecurityGroup{}, true
	total := -1
	for page, pages := 1, 1; page <= pages; page++ {
		var found resource.SecurityGroupList
		path := fmt.Sprintf("/security_groups?per_page=%d&page=%d", longest, page)
		if _, err := e.call(ctx, "list-security-groups", http.MethodGet, path, nil, &found); err != nil {
			return nil, false, err
		}
		for _, g := range found.Resources {
			if g != nil {
				all[g.GUID] = g
			}
		}
		whole = whole && (total < 0 || total == found.Pagination.TotalResults)
		total, pages = found.Pagination.TotalResults, found.Pagination.TotalPages
	}
	return all, whole && len(all) == total, nil
}

// find reads the group of a place (GET /v3/security_groups?names=…); false if there is
// none. The error is errNotOurs for one that the broker hasn't made.
func (e *Enforcer) find(ctx context.Context, at place) (group, bool, error) {
	var found resource.SecurityGroupList
	path := "/security_groups?names=" + url.QueryEscape(at.name())
	if _, err := e.call(ctx, "find-security-group", http.MethodGet, path, nil, &found); err != nil {
		return group{}, false, err
	}
	for _, each := range found.Resources {
		if each == nil || each.Name != at.name() {
			continue
		}
		g, ours := read(each)
		if !ours {
			return group{place: at}, false, fmt.Errorf("the security group %s %w", each.Name, errNotOurs)
		}
		return g, true, nil
	}
	return group{place: at}, false, nil
}

func (e *Enforcer) call(ctx context.Context, call, method, path string, body, answer any) (http.Header, error) {
	return e.api.Call(ctx, cfapi.Request{Call: call, Part: cfapi.CloudController, Method: method, Path: path, Needs: Admin, Body: body, Answer: answer})
}
