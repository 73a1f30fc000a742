package cf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cloudfoundry/go-cfclient/v3/client"
	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const groupsPath = "/v3/security_groups"

// The cloud controller's rules of security groups: who sees and changes them, and its
// words.
func TestSecurityGroups(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	developer := cf.Client{ID: "developer", Secret: "d", Spaces: []string{s.Space()}, Authorities: []string{"cloud_controller.read", "cloud_controller.write"}}
	reader := cf.Client{ID: "reader", Secret: "r", Authorities: []string{"cloud_controller.global_auditor"}}
	tokens := map[string]string{}
	for _, c := range []cf.Client{ccAdmin, developer, reader} {
		s.AddClient(c)
		tokens[c.ID] = tokenOf(t, s, c)
	}
	far := s.AddSpace("demo", "far")
	s.PutSecurityGroup(cf.SecurityGroup{Name: "own", RunningSpaces: []string{s.Space(), far}})
	s.PutSecurityGroup(cf.SecurityGroup{Name: "far", RunningSpaces: []string{far}})
	groups := s.SecurityGroups()
	own, hidden := groupsPath+"/"+groups[0].GUID, groupsPath+"/"+groups[1].GUID
	data := func(space string) string { return `{"data":[{"guid":"` + space + `"}]}` }
	for _, test := range []struct {
		fact, as, method, path, body string
		status                       int
		want                         string
	}{
		{"an admin sees all", "operator", "GET", groupsPath, "", 200, `"total_results":2`},
		{"an auditor sees all", "reader", "GET", groupsPath, "", 200, `"total_results":2`},
		{"a developer sees its space's, and of its spaces its own", "developer", "GET", groupsPath, "", 200, `"running_spaces":{"data":[{"guid":"` + s.Space() + `"}]}`},
		{"a developer sees no others", "developer", "GET", groupsPath, "", 200, `"total_results":1`},
		{"by a name", "operator", "GET", groupsPath + "?names=far,none", "", 200, `"total_results":1`},
		{"by a space", "operator", "GET", groupsPath + "?running_space_guids=" + s.Space(), "", 200, `"total_results":1`},
		{"a filter that it doesn't have is 422", "operator", "GET", groupsPath + "?label_selector=x", "", 422, "Unknown query parameter(s): 'label_selector'"},
		{"a page too long is 422", "operator", "GET", groupsPath + "?per_page=5001", "", 422, `"title":"CF-UnprocessableEntity"`},
		{"one page of two", "operator", "GET", groupsPath + "?per_page=1&page=2", "", 200, `"total_pages":2`},
		{"one out of sight", "developer", "GET", hidden, "", 404, `"detail":"Security group not found"`},
		{"changing one out of sight", "developer", "PATCH", hidden, `{"rules":[]}`, 404, `"detail":"Security group not found"`},
		{"a developer creates none", "developer", "POST", groupsPath, `{"name":"new"}`, 403, `"title":"CF-NotAuthorized"`},
		{"a developer changes none", "developer", "PATCH", own, `{"rules":[]}`, 403, `"title":"CF-NotAuthorized"`},
		{"a developer deletes none", "developer", "DELETE", own, "", 403, `"title":"CF-NotAuthorized"`},
		{"an auditor writes nothing", "reader", "POST", groupsPath, `{"name":"new"}`, 403, `"title":"CF-NotAuthorized"`},
		{"no name", "operator", "POST", groupsPath, `{"rules":[]}`, 422, "Name can't be blank"},
		{"250 characters are a name", "operator", "POST", groupsPath, `{"name":"` + strings.Repeat("é", 250) + `"}`, 201, `"rules":[]`},
		{"251 are not", "operator", "POST", groupsPath, `{"name":"` + strings.Repeat("é", 251) + `"}`, 422, "Name is too long (maximum is 250 characters)"},
		{"no metadata", "operator", "POST", groupsPath, `{"name":"new","metadata":{}}`, 422, "Unknown field(s): 'metadata'"},
		{"a name that is taken", "operator", "POST", groupsPath, `{"name":"own"}`, 422, "Security group with name 'own' already exists."},
		{"a space that isn't there", "operator", "POST", groupsPath, `{"name":"new","relationships":{"running_spaces":` + data("none") + `}}`, 422, `Spaces with guids [\"none\"] do not exist.`},
		{"bound as it is created", "operator", "POST", groupsPath, `{"name":"new","relationships":{"running_spaces":` + data(far) + `}}`, 201, `"running_spaces":{"data":[{"guid":"` + far + `"}]}`},
		{"relationships aren't updated", "operator", "PATCH", own, `{"relationships":{}}`, 422, "Unknown field(s): 'relationships'"},
		{"a rule that is refused", "operator", "PATCH", own, `{"rules":[{"protocol":"tcp","destination":"10.0.0.1"}]}`, 422, "Rules[0]: ports are required for protocols of type TCP and UDP"},
		{"rules that are replaced", "operator", "PATCH", own, `{"rules":[{"protocol":"tcp","destination":"10.0.0.1","ports":"80"}]}`, 200, `"destination":"10.0.0.1","ports":"80"`},
		{"a name alone leaves rules", "operator", "PATCH", own, `{"name":"renamed"}`, 200, `"destination":"10.0.0.1","ports":"80"`},
		{"binding to no space", "operator", "POST", own + "/relationships/running_spaces", `{"data":[]}`, 422, "Data can't be blank"},
		{"binding to a space that isn't there", "operator", "POST", own + "/relationships/running_spaces", data("none"), 422, `Spaces with guids [\"none\"] do not exist, or you do not have access to them.`},
		{"a developer binds to its space", "developer", "POST", own + "/relationships/staging_spaces", data(s.Space()), 200, s.Space()},
		{"and to no other", "developer", "POST", own + "/relationships/running_spaces", data(far), 403, `"title":"CF-NotAuthorized"`},
		{"unbinding", "operator", "DELETE", own + "/relationships/running_spaces/" + far, "", 204, ""},
		{"unbinding again", "operator", "DELETE", own + "/relationships/running_spaces/" + far, "", 422, "Unable to unbind security group from space with guid '" + far + "'."},
		{"deleting", "operator", "DELETE", own, "", 202, ""},
		{"deleting again", "operator", "DELETE", own, "", 404, `"detail":"Security group not found"`},
	} {
		t.Run(test.fact, func(t *testing.T) {
			status, body := ask(t, s, tokens[test.as], test.method, test.path, test.body)
			if status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d with %s", status, body, test.status, test.want)
			}
		})
	}
}

// A deleted space is bound to nothing, and the groups that were bound to it stay.
func TestSecurityGroupOfADeletedSpace(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	s.PutSecurityGroup(cf.SecurityGroup{Name: "own", RunningSpaces: []string{s.Space()}, StagingSpaces: []string{s.Space()}})
	s.DeleteSpace(s.Space())
	if g := s.SecurityGroups(); len(g) != 1 || len(g[0].RunningSpaces)+len(g[0].StagingSpaces) != 0 {
		t.Errorf("groups %+v", g)
	}
}

// What the cloud controller says of rules, by how it is set.
func TestSecurityGroupRules(t *testing.T) {
	plain := start(t, cf.Options{Client: ccAdmin})
	wide := start(t, cf.Options{Client: ccAdmin, CommaDestinations: true, IPv6: true})
	rule := func(destination, ports string) string {
		return fmt.Sprintf(`{"protocol":"tcp","destination":%q,"ports":%q}`, destination, ports)
	}
	const form, ports = "destination must be a valid CIDR, IP address, or IP address range", "ports must be a valid single port"
	for _, test := range []struct{ rule, want, wide string }{
		{rule("10.0.0.1", "80"), "", ""},
		{rule("10.0.0.0/8", "80,81"), "", ""},
		{rule("10.0.0.1-10.0.0.9", "80-81"), "", ""},
		{rule("10.0.0.1,10.0.0.3", "80"), form, ""},
		{rule("10.0.0.9-10.0.0.1", "80"), "range endpoints are inverted", "range endpoints are inverted"},
		{rule("10.0.0.1-10.0.0.3-10.0.0.4", "80"), form, "destination must contain valid"},
		{rule("fd00::1", "80"), form, ""},
		{rule("fd00::1-fd00::2", "80"), "destination IP address range is invalid", ""},
		{rule("10.0.0.1-fd00::2", "80"), "destination IP address range is invalid", "destination IP address range is invalid"},
		{rule("10.0.0.1 ", "80"), "must not contain whitespace", "must not contain whitespace"},
		{rule("10.0.0.1", "80-80"), ports, ports},
		{rule("10.0.0.1", "0"), ports, ports},
		{rule("10.0.0.1", "65536"), ports, ports},
		{rule("10.0.0.1", "80-82,90"), ports, ports},
		{rule(strings.TrimSuffix(strings.Repeat("10.0.0.1,", 6001), ","), "80"), form, "must be under 6000"},
		{`{"protocol":"sctp","destination":"10.0.0.1"}`, "protocol must be", "protocol must be"},
		{`{"protocol":"tcp","destination":"10.0.0.1","ports":80}`, ports, ports},
		{`{"protocol":"tcp","ports":"80"}`, form, "nil destination"},
		{`{"protocol":"all","destination":"10.0.0.1","ports":"80"}`, "ports are not allowed", "ports are not allowed"},
		{`{"protocol":"all","destination":"10.0.0.1","label":"x"}`, `unknown field(s): [\"label\"]`, `unknown field(s): [\"label\"]`},
		{`{"protocol":"all","destination":"10.0.0.1","description":1}`, "description must be a string", "description must be a string"},
		{`1`, "must be an object", "must be an object"},
	} {
		for s, want := range map[*cf.Server]string{plain: test.want, wide: test.wide} {
			s.DeleteSecurityGroup("g")
			status, body := ask(t, s, tokenOf(t, s, ccAdmin), "POST", groupsPath, `{"name":"g","rules":[`+test.rule+`]}`)
			if refused := status == 422; refused != (want != "") || !strings.Contains(body, want) {
				t.Errorf("%.100s: %d %.300s, want %q", test.rule, status, body, want)
			}
		}
	}
}

// TestSecurityGroupsThroughClient has a group's life, as go-cfclient sees it.
func TestSecurityGroupsThroughClient(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	c, ctx := cfClient(t, s), t.Context()
	made, err := c.SecurityGroups.Create(ctx, &resource.SecurityGroupCreate{Name: "g", Rules: []*resource.SecurityGroupRule{
		resource.NewSecurityGroupRuleTCP("10.0.0.1", false).WithPorts("80").WithDescription("why")}})
	if err != nil || len(made.Rules) != 1 || *made.Rules[0].Description != "why" {
		t.Fatalf("created %+v, %v", made, err)
	}
	if bound, err := c.SecurityGroups.BindRunningSecurityGroup(ctx, made.GUID, []string{s.Space()}); err != nil || len(bound) != 1 {
		t.Errorf("bound to %v, %v", bound, err)
	}
	options := client.NewSecurityGroupListOptions()
	options.Names.EqualTo("g")
	if found, err := c.SecurityGroups.Single(ctx, options); err != nil || found.GUID != made.GUID || found.Relationships.RunningSpaces.Data[0].GUID != s.Space() {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := c.SecurityGroups.Delete(ctx, made.GUID); err != nil || len(s.SecurityGroups()) != 0 {
		t.Errorf("deleted: %v, %+v", err, s.SecurityGroups())
	}
}
