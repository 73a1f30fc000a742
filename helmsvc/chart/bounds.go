package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// What parameters may be. An instance's record holds them twice while an
// update runs, and a Secret 1 MiB.
const (
	longestParameters = 256 << 10
	deepestParameters = 32
	mostParameters    = 10_000
)

// CheckBounds refuses parameters that are larger or deeper than a chart can
// need, that hold a key twice, or a number or a text that can't be kept as it
// is written. It reads them as a stream: what is too deep is never decoded. The
// error names the field and quotes no value.
func CheckBounds(parameters json.RawMessage) error {
	if len(parameters) == 0 {
		return nil
	}
	if len(parameters) > longestParameters {
		return fmt.Errorf("the parameters have %d bytes, and may have %d at most", len(parameters), longestParameters)
	}
	b := bounds{decoder: json.NewDecoder(bytes.NewReader(parameters)), parameters: parameters}
	b.decoder.UseNumber()
	if err := b.value(nil); err != nil {
		return err
	}
	if _, err := b.decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("parameters are not valid JSON: there is more behind the end of the object")
	}
	return nil
}

// bounds walks through parameters; at is the path that leads to where it is.
type bounds struct {
	decoder    *json.Decoder
	parameters json.RawMessage
	values     int
}

// token is the next one, and whether it is a text that can't be kept.
func (b *bounds) token() (token json.Token, broken bool, err error) {
	from := b.decoder.InputOffset()
	token, err = b.decoder.Token()
	if text, is := token.(string); is {
		broken = isBroken(text, string(b.parameters[from:b.decoder.InputOffset()]))
	}
	return token, broken, err
}

// isBroken tells whether a text has become another when it was decoded: bytes
// that aren't UTF-8, and halves of surrogate pairs, become U+FFFD.
func isBroken(decoded, written string) bool {
	const replacement = "\uFFFD"
	meant := strings.Count(written, replacement) + strings.Count(strings.ToLower(written), `\ufffd`)
	return strings.Count(decoded, replacement) > meant
}

func notText(at []string) error {
	return fmt.Errorf("the parameter %s isn't Unicode text; give bytes in base64, if the chart takes them", where(at))
}

func (b *bounds) value(at []string) error {
	token, broken, err := b.token()
	switch {
	case err != nil:
		return errors.New("parameters are not valid JSON")
	case broken:
		return notText(at)
	}
	if b.values++; b.values > mostParameters {
		return fmt.Errorf("the parameters hold more than %d keys and items, which is the most they may; %s is one too many", mostParameters, where(at))
	}
	switch t := token.(type) {
	case json.Number:
		return checkNumber(at, t.String())
	case json.Delim:
		if len(at) >= deepestParameters {
			return fmt.Errorf("the parameter %s is nested deeper than %d levels, which is the deepest they may be", where(at), deepestParameters)
		}
		if t == '{' {
			return b.object(at)
		}
		return b.list(at)
	}
	return nil
}

func (b *bounds) object(at []string) error {
	seen := map[string]bool{}
	for b.decoder.More() {
		token, broken, err := b.token()
		key, isKey := token.(string)
		if err != nil || !isKey {
			return errors.New("parameters are not valid JSON")
		}
		below := append(slices.Clone(at), key)
		if broken {
			return notText(below)
		}
		if seen[key] {
			return fmt.Errorf("the parameter %s is given twice; which of the two counts can't be told, leave one out", where(below))
		}
		seen[key] = true
		if err := b.value(below); err != nil {
			return err
		}
	}
	return b.end()
}

func (b *bounds) list(at []string) error {
	for n := 0; b.decoder.More(); n++ {
		if err := b.value(append(slices.Clone(at), strconv.Itoa(n))); err != nil {
			return err
		}
	}
	return b.end()
}

func (b *bounds) end() error {
	if _, err := b.decoder.Token(); err != nil {
		return errors.New("parameters are not valid JSON")
	}
	return nil
}

// where writes a path for people: no longer than it helps, and without
// characters that would break a line.
func where(path []string) string {
	const longest = 100
	text := strings.Join(path, ".")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` || text == "" {
		return quoted
	}
	return text
}
