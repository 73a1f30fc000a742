package cf_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

func flatten(groups ...[]row) []row { return slices.Concat(groups...) }

func one(fact string, only step) row { return row{fact, []step{only}} }

// policy is a policy as the API shows it, byte for byte.
func policy(source, destination, protocol string, start, end int) string {
	return fmt.Sprintf(`{"source":{"id":"%s"},"destination":{"id":"%s","protocol":"%s","ports":{"start":%d,"end":%d}}}`,
		source, destination, protocol, start, end)
}

// policies are n policies between the same ends.
func policies(source, destination string, n int) []string {
	var all []string
	for port := 1; port <= n; port++ {
		all = append(all, policy(source, destination, "udp", port, port))
	}
	return all
}

func tagged(source, destination string, start, end int) string {
	return fmt.Sprintf(`{"source":{"id":"%s"},"destination":{"id":"%s","tag":"0001","protocol":"tcp","ports":{"start":%d,"end":%d}}}`,
		source, destination, start, end)
}

func request(policies ...string) string { return `{"policies":[` + strings.Join(policies, ",") + `]}` }

func answer(policies ...string) string {
	return fmt.Sprintf(`{"total_policies":%d,"policies":[%s]}`, len(policies), strings.Join(policies, ","))
}

func rejected(message string) string {
	return `{"error": "mapper: validate policies: ` + message + `"}`
}

func create(body string) step {
	return step{as: admin, method: "POST", path: "/policies", body: body, status: 200, want: accepted}
}

func remove(body string) step {
	return step{as: admin, method: "POST", path: "/policies/delete", body: body, status: 200, want: accepted}
}

func list(query string, policies ...string) step {
	return step{as: admin, method: "GET", path: "/policies" + query, status: 200, want: answer(policies...)}
}

// seen is what the writer sees.
func seen(query string, policies ...string) step {
	return step{as: writer, method: "GET", path: "/policies" + query, status: 200, want: answer(policies...)}
}

// write is a write of the writer's that is accepted.
func write(path string, policies ...string) step {
	return step{as: writer, method: "POST", path: path, body: request(policies...), status: 200, want: accepted}
}

// holds checks that an answer holds these policies, maybe among others, and
// counts all.
func holds(body string, wanted ...string) error {
	var answer struct {
		Total    int         `json:"total_policies"`
		Policies []cf.Policy `json:"policies"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return err
	}
	if answer.Total != len(answer.Policies) {
		return fmt.Errorf("total_policies is %d of %d", answer.Total, len(answer.Policies))
	}
	for _, p := range policiesIn([]byte(request(wanted...))) {
		if !slices.Contains(answer.Policies, p) {
			return fmt.Errorf("lacks %v", p)
		}
	}
	return nil
}
