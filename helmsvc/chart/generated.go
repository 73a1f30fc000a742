package chart

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// seedLength is how many bytes a seed has.
const seedLength = 32

// NewSeed returns a new instance's seed: 32 random bytes in base64. Whoever knows
// it knows all values that the instance's plan files ask for with `generated`.
func NewSeed() string {
	seed := make([]byte, seedLength)
	_, _ = rand.Read(seed) // it never fails
	return base64.StdEncoding.EncodeToString(seed)
}

// Seeded is the service for the instance that has the seed. Without one, plan
// files that ask for generated values aren't rendered: they would be everybody's.
func (s Service) Seeded(seed string) Service {
	s.seed = seed
	return s
}

// MadeUp is the service for an instance that nobody has: a chart is tried with it.
func (s Service) MadeUp() Service {
	return s.Seeded(base64.StdEncoding.EncodeToString(make([]byte, seedLength)))
}

// derive returns the value that an instance with the seed has under a name: the
// same each time, with nothing in common with that of another name, length or
// seed (HKDF, RFC 5869). It has letters and digits, and begins with a letter.
func derive(seed, name string, length int) (string, error) {
	if seed == "" {
		return "", errors.New("there is no service instance for which a value could be generated")
	}
	key, err := base64.StdEncoding.DecodeString(seed)
	if err != nil || len(key) != seedLength {
		return "", errors.New("the record of the service instance is damaged: its seed isn't 32 bytes in base64")
	}
	const letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "0123456789"
	const each = 8 // bytes for a character: so many that none is likelier than another
	random, err := hkdf.Key(sha256.New, key, nil, fmt.Sprintf("cf-helm-broker generated %d %s", length, name), each*length)
	if err != nil {
		return "", fmt.Errorf("generating the value %q: %w", name, err)
	}
	text := make([]byte, length)
	for i := range text {
		from := letters + digits
		if i == 0 {
			from = letters
		}
		text[i] = from[binary.BigEndian.Uint64(random[i*each:])%uint64(len(from))]
	}
	return string(text), nil
}

// generatedValues are those that one rendering of a plan file was given, by the
// calls that ask for them.
type generatedValues map[string]string

// fill writes into a text of templates, instead of its calls of `generated`, the
// values that an instance with the seed has. Helm's engine, whose functions can't
// be added to, then finds strings there.
func fill(t planTemplate, seed string) ([]byte, generatedValues, error) {
	text, values := slices.Clone(t.text), generatedValues{}
	for _, c := range slices.Backward(t.calls) {
		value, err := derive(seed, c.name, c.length)
		if err != nil {
			return nil, nil, err
		}
		values[fmt.Sprintf("(generated %q %d)", c.name, c.length)] = value
		text = slices.Replace(text, c.start, c.end, []byte(`"`+value+`"`)...)
	}
	return text, values, nil
}

// hide takes the values out of an error's words: templates quote what they fail at.
func (v generatedValues) hide(err error) error {
	if err == nil || len(v) == 0 {
		return err
	}
	text := err.Error()
	for call, value := range v {
		text = strings.NewReplacer(`"`+value+`"`, call, value, call, base64.StdEncoding.EncodeToString([]byte(value)), call).Replace(text)
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
