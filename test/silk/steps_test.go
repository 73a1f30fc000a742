package silk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// keepOpen opens a connection on the port beside the usual one, which echoes, and
// returns what tries it.
func (f *fabric) keepOpen(from, to workload) func() error {
	f.t.Helper()
	f.must(f.server.AddPolicies(cf.NewPolicy(from.group, to.group, "tcp", port+2, port+2)))
	f.poll("cell", "worker")
	listener, err := to.Listen("tcp", fmt.Sprintf(":%d", port+2))
	f.must(err)
	f.t.Cleanup(func() { _ = listener.Close() })
	go func() {
		accepted, err := listener.Accept()
		if err == nil {
			_, _ = io.Copy(accepted, accepted) // until the test closes its end
			_ = accepted.Close()
		}
	}()
	connection, err := from.Dial(f.t.Context(), "tcp", net.JoinHostPort(to.Address.String(), strconv.Itoa(port+2)))
	f.must(err)
	f.t.Cleanup(func() { _ = connection.Close() })
	f.server.DeletePolicies(cf.NewPolicy(from.group, to.group, "tcp", port+2, port+2))
	return func() error {
		said := make([]byte, 5)
		_, err := io.WriteString(connection, "hello")
		return errors.Join(err, connection.SetDeadline(time.Now().Add(2*time.Second)), readFull(connection, said))
	}
}

func readFull(from io.Reader, into []byte) error {
	_, err := io.ReadFull(from, into)
	return err
}

// until asks until the answer is the one wanted, and returns how long that took.
func (f *fabric) until(from, to workload, want string) time.Duration {
	f.t.Helper()
	begun := time.Now()
	for f.answer(from.Namespace, to, port) != want {
		if time.Since(begun) > 10*time.Second {
			f.t.Fatalf("after 10 s the answer isn't %s", want)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(begun)
}

// tag is a group's, as the policy server gives it out.
func (f *fabric) tag(group string) int {
	f.t.Helper()
	answer, err := http.Get(f.server.URL() + "/networking/v1/internal/policies?id=" + group)
	f.must(err)
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Policies []cf.Policy `json:"policies"`
	}
	f.must(json.NewDecoder(answer.Body).Decode(&body))
	for _, p := range body.Policies {
		for id, tag := range map[string]string{p.Source.ID: p.Source.Tag, p.Destination.ID: p.Destination.Tag} {
			if id == group {
				number, err := strconv.ParseInt(tag, 16, 32)
				f.must(err)
				return int(number)
			}
		}
	}
	f.t.Fatalf("group %s has no tag", group)
	return 0
}

// takeTags has other groups take as many tags.
func (f *fabric) takeTags(count int) {
	f.t.Helper()
	var others []cf.Policy
	for range count / 2 {
		others = append(others, cf.NewPolicy(uuid.NewString(), uuid.NewString(), "tcp", 1, 1))
	}
	f.must(f.server.AddPolicies(others...))
}
