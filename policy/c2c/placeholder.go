package c2c

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// A placeholder is an app that never runs. Its GUID is a policy group which
// the policy server's cleanup spares, since it is a live app's. It has no
// package, so nobody can start it by mistake.

// placeholderLabel holds the key of the service instance that a placeholder
// app is for. Only apps that carry it are ever deleted.
const placeholderLabel = "cf-helm-broker.io/placeholder-for"

// instanceAnnotation holds the instance's id as it is.
const instanceAnnotation = "cf-helm-broker.io/service-instance"

// Roles says what the UAA client needs so that it can make placeholder apps:
// https://v3-apidocs.cloudfoundry.org/#create-an-app ("Permitted roles").
const Roles = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin, or cloud_controller.read and cloud_controller.write " +
	"and, by cf set-space-role CF_CLIENT_ID CF_ORG CF_SPACE SpaceDeveloper --client, that role"

// placeholderKey is the instance's id, or for one that isn't a UUID, a UUID
// made from it: it stands in a name, a label and a filter.
func placeholderKey(instanceID string) string {
	if policy.ValidID(instanceID) {
		return instanceID
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceID)).String()
}

// placeholderName is the same for an instance in every replica and after every
// crash, and unique in a space: so there can't be two.
func placeholderName(instanceID string) string { return "cf-helm-broker-" + placeholderKey(instanceID) }

// newPlaceholder is what the cloud controller is asked to create. It says to
// whoever finds it what it is and who made it.
func newPlaceholder(space, instanceID string) *resource.AppCreate {
	app := resource.NewAppCreate(placeholderName(instanceID), space)
	app.Metadata = resource.NewMetadata().
		WithLabel("", placeholderLabel, placeholderKey(instanceID)).
		WithAnnotation("", instanceAnnotation, instanceID).
		WithAnnotation("cf-helm-broker.io", "created-by", "cf-helm-broker").
		WithAnnotation("cf-helm-broker.io", "purpose", "Network policies of this service instance point here, and the policy server deletes policies "+
			"that don't point to an app. Never started. Deleted with the service instance: don't delete it by hand.")
	return app
}

// isPlaceholder tells whether the app is the instance's, by its label.
func isPlaceholder(app *resource.App, instanceID string) bool {
	if app.Metadata == nil {
		return false
	}
	value := app.Metadata.Labels[placeholderLabel]
	return value != nil && *value == placeholderKey(instanceID)
}

// placeholderIn finds the instance's placeholder app in a space
// (GET /v3/apps?names=…&space_guids=…). It returns "" if there is none.
func (c *Client) placeholderIn(ctx context.Context, space, instanceID string) (string, error) {
	apps, err := c.findApps(ctx, url.Values{"names": {placeholderName(instanceID)}, "space_guids": {space}})
	if err != nil || len(apps) == 0 {
		return "", err
	}
	if apps[0].Name != placeholderName(instanceID) || !isPlaceholder(apps[0], instanceID) {
		return "", fmt.Errorf("the app %s in organization %q (CF_ORG), space %q (CF_SPACE) isn't the broker's, since it doesn't carry the label %s=%s; "+
			"rename or delete it", apps[0].Name, c.settings.Org, c.settings.Space, placeholderLabel, placeholderKey(instanceID))
	}
	return checkGUID(apps[0].GUID)
}

// LivePlaceholders returns the GUIDs of all placeholder apps that the client
// sees (GET /v3/apps?label_selector=…), of the first 5,000: one that isn't among
// them may be there all the same, as EnsurePlaceholder tells.
func (c *Client) LivePlaceholders(ctx context.Context) (map[string]bool, error) {
	all, err := c.AllPlaceholders(ctx)
	if err != nil {
		return nil, err
	}
	live := map[string]bool{}
	for _, p := range all {
		live[p.GUID] = true
	}
	return live, nil
}

// Placeholder is a placeholder app.
type Placeholder struct {
	GUID string
	// Instance is the id of the service instance that it says to be there for.
	Instance string
	Created  time.Time
}

// AllPlaceholders are those that LivePlaceholders returns, whichever broker has made them.
func (c *Client) AllPlaceholders(ctx context.Context) ([]Placeholder, error) {
	apps, err := c.findApps(ctx, url.Values{"label_selector": {placeholderLabel}, "per_page": {"5000"}})
	if err != nil {
		return nil, fmt.Errorf("looking for the placeholder apps: %w", err)
	}
	all := make([]Placeholder, 0, len(apps))
	for _, app := range apps {
		p := Placeholder{GUID: app.GUID, Created: app.CreatedAt}
		if m := app.Metadata; m != nil && m.Annotations[instanceAnnotation] != nil && isPlaceholder(app, *m.Annotations[instanceAnnotation]) {
			p.Instance = *m.Annotations[instanceAnnotation]
		}
		all = append(all, p)
	}
	return all, nil
}

func (c *Client) findApps(ctx context.Context, query url.Values) ([]*resource.App, error) {
	var found resource.AppList
	_, err := c.callCC(ctx, "find-app", http.MethodGet, "/apps?"+query.Encode(), nil, &found)
	return present(found.Resources), err
}

// present drops the nulls that a list may hold.
func present[T any](list []*T) []*T {
	return slices.DeleteFunc(list, func(item *T) bool { return item == nil })
}

func checkGUID(guid string) (string, error) {
	if !policy.ValidID(guid) {
		return "", fmt.Errorf("the cloud controller gave the app the GUID %.70q, which policies can't name since it isn't a lower-case UUID", guid)
	}
	return guid, nil
}
