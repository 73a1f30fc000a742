package cf_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

const (
	accepted   = "{}"
	outOfReach = `{"error": "one or more applications cannot be found or accessed"}`
)

// contract is every fact, with the quota that the target has.
func contract(quota int) []row {
	ab := policy("{a}", "{b}", "tcp", 8080, 8081)
	return flatten(
		access(ab), versions(), rejections(ab), leniency(ab), writes(ab), queries(),
		reach(ab), quotas(quota), tagRows(ab), limits(),
	)
}

func access(ab string) []row {
	forbidden := func(who, allowed string) string {
		return fmt.Sprintf(`{"error": "provided scopes [{%s scopes}] do not include allowed scopes [%s]"}`, who, allowed)
	}
	both := "network.admin network.write"
	bearer := [2]string{"WWW-Authenticate", "Bearer"}
	rows := []row{
		one("without a token: 401, asking for a Bearer", step{as: nobody, method: "GET", path: "/policies",
			status: 401, want: `{"error": "missing authorization header"}`, header: bearer}),
		one("with a wrong token: 401, asking for a Bearer", step{as: admin, authorization: "Bearer wrong", method: "GET",
			path: "/policies", status: 401, want: `{"error": "failed to verify token with uaa"}`, header: bearer}),
		one("the token is checked before the body", step{as: nobody, method: "POST", path: "/policies", body: "{}",
			status: 401, want: `{"error": "missing authorization header"}`}),
		one("the scope is checked before the body", step{as: stranger, method: "POST", path: "/policies", body: "{}",
			status: 403, want: forbidden("stranger", both)}),
		one("a stranger may not list", step{as: stranger, method: "GET", path: "/policies", status: 403, want: forbidden("stranger", both)}),
		one("a stranger may not delete", step{as: stranger, method: "POST", path: "/policies/delete", body: request(ab),
			status: 403, want: forbidden("stranger", both)}),
		one("a stranger may not clean up", step{as: stranger, method: "POST", path: "/policies/cleanup", status: 403,
			want: forbidden("stranger", "network.admin")}),
		one("a writer may not clean up", step{as: writer, method: "POST", path: "/policies/cleanup", status: 403,
			want: forbidden("writer", "network.admin")}),
		one("a writer may not see tags", step{as: writer, method: "GET", path: "/tags", status: 403, want: forbidden("writer", "network.admin")}),
		one("no Content-Type is set, so that Go says text/plain", step{as: admin, method: "GET", path: "/policies?id={a}",
			status: 200, want: answer(), header: [2]string{"Content-Type", "text/plain; charset=utf-8"}}),
		one("an error's Content-Type is text/plain too", step{as: admin, method: "POST", path: "/policies", body: "{}", status: 400,
			want: rejected("missing policies"), header: [2]string{"Content-Type", "text/plain; charset=utf-8"}}),
	}
	for _, form := range []string{"Bearer {token}", "bearer {token}", "{token}"} {
		rows = append(rows, one("authorization as "+form, step{as: admin, authorization: form, method: "GET",
			path: "/policies?id={a}", status: 200, want: answer()}))
	}
	return rows
}

func versions() []row {
	return []row{
		one("an unknown version: 406, before the token is looked at", step{as: nobody, method: "GET", path: "/v2:/policies",
			status: 406, want: `{"error": "api version 'v2' not supported"}`}),
		one("an unknown route: 404", step{as: admin, method: "GET", path: "/nothing", status: 404, want: "404 page not found\n"}),
		one("a wrong method: 405", step{as: admin, method: "DELETE", path: "/policies", status: 405, want: "Method Not Allowed\n"}),
	}
}

// rejections are the same for creating and deleting.
func rejections(ab string) []row {
	bad := []struct{ fact, body, message string }{
		{"no policies", `{}`, "missing policies"},
		{"null", `null`, "missing policies"},
		{"an empty list", `{"policies":[]}`, "missing policies"},
		{"no source id", request(policy("", "", "", 0, -1)), "missing source id"},
		{"no destination id", request(policy("{a}", "", "", 0, -1)), "missing destination id"},
		{"no protocol", request(policy("{a}", "{b}", "", 0, -1)), "invalid destination protocol, specify either udp or tcp"},
		{"a protocol in upper case", request(policy("{a}", "{b}", "TCP", 1, 2)), "invalid destination protocol, specify either udp or tcp"},
		{"icmp", request(policy("{a}", "{b}", "icmp", 1, 2)), "invalid destination protocol, specify either udp or tcp"},
		{"start after end", request(policy("{a}", "{b}", "tcp", 0, -1)), "invalid port range 0--1, start must be less than or equal to end"},
		{"an end alone missing", request(policy("{a}", "{b}", "tcp", 8080, 0)), "invalid port range 8080-0, start must be less than or equal to end"},
		{"no ports", request(`{"source":{"id":"{a}"},"destination":{"id":"{b}","protocol":"tcp"}}`), "missing start port"},
		{"start 0", request(policy("{a}", "{b}", "tcp", 0, 70000)), "missing start port"},
		{"start below 0", request(policy("{a}", "{b}", "tcp", -1, 70000)), "invalid start port -1, must be in range 1-65535"},
		{"end above 65535", request(tagged("{a}", "{b}", 1, 65536)), "invalid end port 65536, must be in range 1-65535"},
		{"start above 65535", request(policy("{a}", "{b}", "tcp", 65536, 65536)), "invalid end port 65536, must be in range 1-65535"},
		{"a tag", request(tagged("{a}", "{b}", 1, 2)), "tags may not be specified"},
		{"the second policy is wrong", request(ab, policy("{a}", "", "tcp", 1, 2)), "missing destination id"},
		{"both policies are wrong", request(tagged("{a}", "{b}", 1, 2), policy("", "", "", 0, 0)), "tags may not be specified"},
	}
	var rows []row
	for name, path := range map[string]string{"a create with ": "/policies", "a delete with ": "/policies/delete"} {
		for _, b := range bad {
			rows = append(rows, row{name + b.fact, []step{
				{as: admin, method: "POST", path: path, body: b.body, status: 400, want: rejected(b.message)}, list("?id={a}")}})
		}
		rows = append(rows, unreadable(name, path)...)
	}
	return rows
}

func unreadable(name, path string) []row {
	post := func(body, message string) []step {
		return []step{{as: admin, method: "POST", path: path, body: body, status: 400,
			want: `{"error": "mapper: unmarshal json: ` + message + `"}`}}
	}
	text := post(`{"policies":[{"source":{"id":"{a}"},"destination":{"ports":{"start":"1"}}}]}`, "")
	text[0].check = func(body string, _ func(string) string) error {
		if !strings.HasPrefix(body, `{"error": "mapper: unmarshal json: json: cannot unmarshal string into Go struct field `) {
			return fmt.Errorf("not the message of a wrong type")
		}
		return nil
	}
	return []row{
		{name + "no body", post("", "unexpected end of JSON input")},
		{name + "what isn't JSON", post("policies", "invalid character 'p' looking for beginning of value")},
		{name + "a stray quote, answered with what is no JSON itself", post(`{"policies":[]"}`, `invalid character '"' after object key:value pair`)},
		{name + "a port in quotes", text},
	}
}

func leniency(ab string) []row {
	extra := strings.Replace(ab, `"source":{`, `"unknown":[1],"source":{"unknown":{},`, 1)
	return []row{
		{"unknown fields are ignored", []step{create(`{"total_policies":7,"other":true,"policies":[` + extra + `]}`), list("?id={a}", ab)}},
		{"names of fields in any case are read", []step{create(strings.ReplaceAll(request(ab), `"policies"`, `"POLICIES"`)), list("?id={a}", ab)}},
		{"an empty tag is none", []step{create(request(strings.Replace(ab, `"source":{`, `"source":{"tag":"",`, 1))), list("?id={a}", ab)}},
		{"an id may be any text", []step{
			create(request(policy("{a} no UUID", "{b}", "tcp", 1, 1))), list("?source_id={a}%20no%20UUID", policy("{a} no UUID", "{b}", "tcp", 1, 1))}},
	}
}

func writes(ab string) []row {
	udp, narrow := policy("{a}", "{b}", "udp", 8080, 8081), policy("{a}", "{b}", "tcp", 8080, 8080)
	return []row{
		{"created, listed, deleted", []step{create(request(ab)), list("?id={a}", ab), remove(request(ab)), list("?id={a}")}},
		{"created twice: one", []step{create(request(ab)), create(request(ab)), list("?id={a}", ab)}},
		{"twice in a request: one", []step{create(request(ab, ab)), list("?id={a}", ab)}},
		{"deleted twice", []step{create(request(ab)), remove(request(ab)), remove(request(ab)), list("?id={a}")}},
		{"deleted though never there", []step{remove(request(ab))}},
		{"deleted with others that aren't there", []step{create(request(ab)), remove(request(udp, ab, narrow)), list("?id={a}")}},
		{"a delete needs the exact ports", []step{create(request(ab)), remove(request(narrow)), list("?id={a}", ab)}},
		{"a delete needs the exact protocol", []step{create(request(ab)), remove(request(udp)), list("?id={a}", ab)}},
		{"protocols and ranges are policies of their own, overlapping or not", []step{
			create(request(ab, udp, narrow)), list("?id={a}", ab, udp, narrow), remove(request(ab)), list("?id={a}", udp, narrow)}},
		{"all or nothing: a wrong policy keeps the others out", []step{
			{as: admin, method: "POST", path: "/policies", body: request(ab, policy("{a}", "", "tcp", 1, 2)), status: 400,
				want: rejected("missing destination id")}, list("?id={a}")}},
		{"from a group to itself", []step{create(request(policy("{a}", "{a}", "tcp", 1, 65535))), list("?id={a}", policy("{a}", "{a}", "tcp", 1, 65535))}},
		{"a destination that is no app, for an admin", []step{create(request(policy("{app}", "{b}", "tcp", 5432, 5432))),
			list("?dest_id={b}", policy("{app}", "{b}", "tcp", 5432, 5432))}},
	}
}

func queries() []row {
	ab, bc := policy("{a}", "{b}", "tcp", 1, 1), policy("{b}", "{c}", "tcp", 2, 2)
	asked := func(fact, query string, want ...string) row {
		return row{"asked for " + fact, []step{create(request(ab, bc)), list(query, want...)}}
	}
	all := row{"asked for nothing in particular: all", []step{create(request(ab, bc)), {as: admin, method: "GET", path: "/policies", status: 200,
		check: func(body string, fill func(string) string) error { return holds(body, fill(ab), fill(bc)) }}}}
	return []row{
		all,
		asked("an id: either end", "?id={b}", ab, bc),
		asked("ids", "?id={a},{c}", ab, bc),
		asked("an id that nothing has", "?id={b}x"),
		asked("a source", "?source_id={b}", bc),
		asked("sources", "?source_id={a},{b}", ab, bc),
		asked("a destination", "?dest_id={b}", ab),
		asked("a source and a destination: both", "?source_id={a},{b}&dest_id={c}", bc),
		asked("a source and a destination that don't meet", "?source_id={a}&dest_id={c}"),
		asked("id first of all", "?id={a}&source_id={b}&dest_id={c}", ab),
		asked("an empty id: none", "?id="),
		asked("an empty id is still an id", "?id=&source_id={a}"),
		asked("an empty destination: none", "?source_id={a}&dest_id="),
		asked("the first of two ids", "?id={a}&id={c}", ab),
		asked("ids with a space between", "?id={c},%20{a}", bc),
		asked("what isn't known, with a source", "?source_id={a}&page=2&per_page=1", ab),
	}
}

// reach is what a network.write client may touch and see.
func reach(ab string) []row {
	opened, known := policy("{app}", "{app}", "udp", 47101, 47102), policy("{app}", "{app}", "udp", 47103, 47104)
	toOther, fromOther := policy("{app}", "{other}", "udp", 47105, 47105), policy("{other}", "{a}", "udp", 47105, 47105)
	toNoApp := policy("{app}", "{a}", "tcp", 5432, 5432)
	refused := func(path, p string) step {
		return step{as: writer, method: "POST", path: path, body: request(p), status: 403, want: outOfReach}
	}
	return []row{
		{"a writer opens and closes its own app", []step{write("/policies", opened), write("/policies/delete", opened)}},
		{"a writer sees its own app's policies", []step{create(request(known)), {as: writer, method: "GET", path: "/policies", status: 200,
			check: func(body string, fill func(string) string) error { return holds(body, fill(known)) }}}},
		{"a writer may not open an app out of reach", []step{refused("/policies", toOther), refused("/policies", fromOther)}},
		{"a writer may not close an app out of reach", []step{refused("/policies/delete", toOther)}},
		{"what is wrong is said before what is out of reach", []step{{as: writer, method: "POST", path: "/policies",
			body:   request(policy("{other}", "{other}", "sctp", 1, 1)),
			status: 400, want: rejected("invalid destination protocol, specify either udp or tcp")}}},
		{"a destination that is no app doesn't keep a writer out, but is hidden from it", []step{
			write("/policies", toNoApp), list("?dest_id={a}", toNoApp), seen("?dest_id={a}"), write("/policies/delete", toNoApp), list("?dest_id={a}")}},
		{"two ends that are no apps don't either", []step{write("/policies", ab), list("?id={a}", ab), seen("?id={a}")}},
	}
}

func quotas(quota int) []row {
	full, over := policies("{a}", "{b}", quota), policies("{a}", "{b}", quota+1)
	exceeded := func(policies ...string) step {
		return step{as: writer, method: "POST", path: "/policies", body: request(policies...), status: 403,
			want: `{"error": "policy quota exceeded"}`}
	}
	fromB := policy("{b}", "{c}", "tcp", 1, 1)
	toA := policy("{c}", "{a}", "tcp", 1, 1)
	return []row{
		{"more at once than the quota", []step{exceeded(over...), list("?id={a}")}},
		{"as many as the quota, from each source", []step{write("/policies", full...), write("/policies", fromB)}},
		{"one more than the quota", []step{write("/policies", full...), exceeded(over[quota]), list("?id={a}", full...)}},
		{"what is there already counts again", []step{write("/policies", full...), exceeded(full[0]), list("?id={a}", full...)}},
		{"twice in a request counts twice", []step{exceeded(append(full[:quota:quota], full[0])...)}},
		{"an admin has no quota", []step{create(request(over...)), list("?id={a}", over...)}},
		{"a delete has no quota", []step{create(request(over...)), write("/policies/delete", over...), list("?id={a}")}},
		{"a destination with a full quota of its own is no obstacle", []step{create(request(full...)), write("/policies", toA)}},
		{"a destination over its own quota is", []step{create(request(over...)), exceeded(toA)}},
		one("reach is checked before the quota", step{as: writer, method: "POST", path: "/policies",
			body: request(policies("{other}", "{a}", quota+1)...), status: 403, want: outOfReach}),
	}
}

func tagRows(ab string) []row {
	tags := func(check func(found []string) error) step {
		return step{as: admin, method: "GET", path: "/tags", status: 200, check: func(body string, fill func(string) string) error {
			var answer struct{ Tags []json.RawMessage }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Tags == nil {
				return fmt.Errorf("no list of tags: %w", err)
			}
			shape := regexp.MustCompile(`^\{"id":"(` + fill("{a}") + "|" + fill("{b}") + `)","tag":"([0-9A-F]{2,8})","type":"app"\}$`)
			var found []string
			for _, tag := range answer.Tags {
				if match := shape.FindSubmatch(tag); match != nil {
					found = append(found, string(match[2]))
				}
			}
			return check(found)
		}}
	}
	return []row{
		{"each id of a policy has a tag, and loses it with its last policy", []step{
			create(request(ab)),
			tags(func(found []string) error {
				if len(found) != 2 || found[0] == found[1] {
					return fmt.Errorf("tags of two ids: %q", found)
				}
				return nil
			}),
			remove(request(ab)),
			tags(func(found []string) error {
				if len(found) != 0 {
					return fmt.Errorf("tags of ids without a policy: %q", found)
				}
				return nil
			}),
		}},
	}
}

func limits() []row {
	const most = 10 << 20
	full := func(ab string, size int) string {
		// The placeholders in ab are 3 characters long, the ids that replace them 36.
		start := `{"policies":[` + ab + `],"padding":"`
		return start + strings.Repeat("x", size-len(start)-2*(36-3)-len(`"}`)) + `"}`
	}
	ab := policy("{a}", "{b}", "tcp", 1, 1)
	refused := func(path, message string) step {
		return step{as: admin, method: "POST", path: path, body: full(ab, most+1), status: 400, want: `{"error": "` + message + `"}`}
	}
	long := policy(strings.Repeat("x", 255-36)+"{a}", "{b}", "tcp", 1, 1)
	var many []string
	for port := 1; port <= 500; port++ {
		many = append(many, policy("{a}", "{b}", "tcp", port, port))
	}
	return []row{
		{"a body of 10 MiB", []step{create(full(ab, most)), list("?id={a}", ab)}},
		{"a body of 10 MiB and a byte", []step{
			refused("/policies", "failed reading request body"), refused("/policies/delete", "invalid request body"), list("?id={a}")}},
		{"500 policies at once", []step{create(request(many...)), list("?id={a}", many...)}},
		{"an id of 255 characters", []step{create(request(long)), list("?dest_id={b}", long)}},
	}
}
