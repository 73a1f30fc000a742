package web

import (
	"errors"
	"net/http"
	"strings"
	"unicode"

	"code.cloudfoundry.org/lager/v3"
)

// What clients send is cut off in the log after so many bytes. A path of OSBAPI
// with two UUIDs has 130.
const (
	longestWord  = 100
	longestPath  = 300
	longestError = 4096
)

// loggedPath is a request's path as the log shows it, escaped as in a URL.
func loggedPath(r *http.Request) string { return clean(r.URL.EscapedPath(), longestPath) }

// short is a word of a client's.
func short(text string) string { return clean(text, longestWord) }

// clean bounds what a client can put into the log, and takes out what could
// change how a terminal shows it: the log's encoder escapes line breaks and
// the like, but not C1 control characters or changes of the writing direction.
func clean(text string, longest int) string {
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// cleanData is data of brokerapi's, which holds ids as clients send them.
func cleanData(data lager.Data) lager.Data {
	cleaned := lager.Data{}
	for key, value := range data {
		if text, isText := value.(string); isText {
			value = clean(text, longestPath)
		}
		cleaned[key] = value
	}
	return cleaned
}

func cleanError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(clean(err.Error(), longestError))
}
