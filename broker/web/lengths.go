package web

import (
	"fmt"
	"net/http"
)

// What platforms send and the broker records with an instance, whose record stays
// in memory. Cloud Foundry's ids are UUIDs, in columns of 255 characters.
const (
	longestID = 255
	// longestIdentity leaves room for a Kubernetes user with hundreds of groups.
	longestIdentity = 16 << 10
)

// checkHeaders refuses headers of OSBAPI's that are longer than what they say can be.
func checkHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range []struct {
			name    string
			longest int
		}{{originatingHeader, longestIdentity}, {identityHeader, longestID}} {
			if n := len(r.Header.Get(h.name)); n > h.longest {
				reject(w, http.StatusBadRequest, fmt.Sprintf("the header %s has %d bytes, and may have %d at most", h.name, n, h.longest))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// checkLengths does the same for the body's ids. Those of a service and a plan are
// looked up in the catalog.
func (f fields) checkLengths() error {
	ids := map[string]string{"organization_guid": f.OrganizationGUID, "space_guid": f.SpaceGUID, "app_guid": f.AppGUID}
	if f.BindResource != nil {
		ids["bind_resource.app_guid"], ids["bind_resource.space_guid"] = f.BindResource.AppGuid, f.BindResource.SpaceGuid
	}
	for name, id := range ids {
		if len(id) > longestID {
			return fmt.Errorf("the request's field %s has %d bytes, and may have %d at most", name, len(id), longestID)
		}
	}
	return nil
}
