package door

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"code.cloudfoundry.org/lager/v3"
)

// mostCredentials bounds what each login is compared with.
const mostCredentials = 100

// Credentials are those that open the door, any of them. Only digests are
// kept: they are of one length, so that comparing them tells nothing by its
// time.
type Credentials []credential

type credential struct{ user, password [sha256.Size]byte }

// NewCredentials is one user with a password.
func NewCredentials(user, password string) Credentials {
	return Credentials{{sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))}}
}

// FollowCredentials reads a file with a line user:password for each that opens
// the door.
func FollowCredentials(setting, path string, log lager.Logger) (*Followed[Credentials], error) {
	return follow(setting, log, func(texts [][]byte) (Credentials, error) { return parseCredentials(texts[0]) }, path)
}

// parseCredentials quotes nothing of the text in its errors. Empty lines and
// those that begin with # are passed over. A user may stand there twice.
func parseCredentials(text []byte) (Credentials, error) {
	var all Credentials
	for number, line := range entries(text) {
		if err := checkLine(line); err != nil {
			return nil, fmt.Errorf("line %d %w", number, err)
		}
		user, password, _ := bytes.Cut(line, []byte(":"))
		all = append(all, NewCredentials(string(user), string(password))...)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no line user:password")
	}
	if len(all) > mostCredentials {
		return nil, fmt.Errorf("there are %d lines user:password, %d at most are allowed", len(all), mostCredentials)
	}
	return all, nil
}

// FirstOf is the first user and password of such a file, for who has to sign in.
func FirstOf(path string) (user, password string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	if _, err := parseCredentials(text); err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	for _, line := range entries(text) {
		user, password, _ = strings.Cut(string(line), ":")
		break // parseCredentials has found one
	}
	return user, password, nil
}

// entries are the lines that say something, by their numbers.
func entries(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		number := 0
		for line := range bytes.Lines(text) {
			number++
			line = bytes.TrimRight(line, "\r\n")
			if len(bytes.TrimSpace(line)) == 0 || line[0] == '#' {
				continue
			}
			if !yield(number, line) {
				return
			}
		}
	}
}

func checkLine(line []byte) error {
	user, password, found := bytes.Cut(line, []byte(":"))
	switch {
	case !found || len(user) == 0 || len(password) == 0:
		return errors.New("isn't user:password")
	case len(bytes.TrimSpace(user)) != len(user) || len(bytes.TrimSpace(password)) != len(password):
		return errors.New("has white space before or after the user or the password")
	case !utf8.Valid(line) || bytes.ContainsFunc(line, unicode.IsControl):
		return errors.New("has characters that basic authentication doesn't allow")
	}
	return nil
}

// match compares with every credential, whichever fits and whether the user is
// known or not, and in constant time.
func (c Credentials) match(user, password string) bool {
	asked := NewCredentials(user, password)[0]
	right := 0
	for _, one := range c {
		right |= subtle.ConstantTimeCompare(one.user[:], asked.user[:]) & subtle.ConstantTimeCompare(one.password[:], asked.password[:])
	}
	return right == 1
}
