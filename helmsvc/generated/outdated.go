package generated

import (
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is how sprig's htpasswd and bcrypt write one.
var bcryptHash = regexp.MustCompile(`\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}`)

const (
	// mostTried is how many texts of a Secret are tried as the password of a hash.
	mostTried = 20
	// dearest is the cost of a hash, as bcrypt counts it, up to which it is looked at. A pod
	// may have written another one.
	dearest = 12
)

// isOutdated tells whether the Secret has so far the hash of another password than the
// one that stands beside it now, since the chart was told that. Both renderings'
// hashes differ by their salts alone.
func (c candidate) isOutdated() bool {
	now, before := bcryptHash.FindString(c.first), bcryptHash.FindString(c.live)
	if now == "" || !affordable(now) || before == "" || !affordable(before) {
		return false
	}
	for _, told := range c.beside {
		if matches(now, told) {
			return !matches(before, told)
		}
	}
	return false
}

func affordable(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost <= dearest
}

func matches(hash, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

// told are the values of a Secret that both renderings have alike.
func told(first, second map[string]string) []string {
	var all []string
	for _, key := range sortedKeys(first) {
		if first[key] == second[key] && len(all) < mostTried {
			all = append(all, first[key])
		}
	}
	return all
}
