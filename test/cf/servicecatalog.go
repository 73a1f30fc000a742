package cf

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// catalog is what a broker answers to GET /v2/catalog.
type catalog struct {
	Services []catalogService `json:"services"`
}

type catalogService struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Plans       []catalogPlan `json:"plans"`
}

type catalogPlan struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Description     string         `json:"description"`
	Free            *bool          `json:"free"`
	MaintenanceInfo map[string]any `json:"maintenance_info"`
}

// judgeCatalog takes an answer for a catalog, or says in the cloud controller's words
// why not: see response_parser.rb and service_broker_catalog_updater.rb there.
func judgeCatalog(response *http.Response) (found catalog, failed *ccError) {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	status := fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode))
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return found, &ccError{10001, "CF-ServiceBrokerApiAuthenticationFailed",
			"Authentication with the service broker failed. Double-check that the username and password are correct."}
	case response.StatusCode == http.StatusRequestTimeout:
		return found, &ccError{10001, "CF-ServiceBrokerApiTimeout", "The request to the service broker timed out"}
	case response.StatusCode >= 400 && response.StatusCode < 500:
		return found, &ccError{270020, "CF-ServiceBrokerRequestRejected",
			"The service broker rejected the request. Status Code: " + status + ". Please check that the URL points to a valid service broker."}
	case response.StatusCode != http.StatusOK:
		return found, &ccError{10001, "CF-ServiceBrokerBadResponse",
			"The service broker returned an invalid response. Status Code: " + status + ", Body: " + string(text)}
	case json.Unmarshal(text, &found) != nil:
		return found, &ccError{270021, "CF-ServiceBrokerRequestMalformed",
			"The service broker returned an invalid response: expected valid JSON object in body. Please check that the URL points to a valid service broker."}
	}
	if wrong := found.wrong(); len(wrong) > 0 {
		return found, &ccError{270012, "CF-ServiceBrokerCatalogInvalid", "Service broker catalog is invalid: \n" + strings.Join(wrong, "\n") + "\n"}
	}
	return found, nil
}

// wrong is what the cloud controller's catalog.rb refuses, as far as it is asked here.
func (c catalog) wrong() (wrong []string) {
	names, plans := map[string]bool{}, map[string]bool{}
	for _, s := range c.Services {
		if names[s.Name] {
			wrong = append(wrong, "Service names must be unique within a broker")
		}
		names[s.Name] = true
		for _, p := range s.Plans {
			if plans[p.ID] {
				wrong = append(wrong, "Plan ids must be unique. Unable to register plan with id '"+p.ID+"'")
			}
			plans[p.ID] = true
		}
	}
	if len(c.Services) == 0 {
		wrong = append(wrong, "Service broker must provide at least one service")
	}
	return wrong
}
