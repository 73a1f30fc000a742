package record

import "strings"

// Reason says how far an operation is or why it failed, to the app developer.
// It never holds a secret. Whatever it is made of, it is short wherever it is
// kept: a reason that the API server refuses for its length would never be told.
type Reason string

// longestReason is the most bytes of a Reason that are kept: a few sentences. The
// cloud controller keeps 10,000 characters. Errors say first what happened and
// last what follows, so what is left out is taken from between.
const (
	longestReason = 1000
	reasonsEnd    = 300
	leftOut       = " […] "
)

// ReasonOf bounds a text and makes it one line. What is left out belongs into the log.
func ReasonOf(text string) Reason {
	text = oneLine(text)
	if len(text) <= longestReason {
		return Reason(text)
	}
	begin, end := text[:longestReason-reasonsEnd-len(leftOut)], text[len(text)-reasonsEnd:]
	return Reason(strings.ToValidUTF8(begin, "") + leftOut + strings.ToValidUTF8(end, ""))
}

// MarshalText bounds what is written.
func (r Reason) MarshalText() ([]byte, error) { return []byte(ReasonOf(string(r))), nil }

// UnmarshalText bounds what an earlier broker has written.
func (r *Reason) UnmarshalText(text []byte) error {
	*r = ReasonOf(string(text))
	return nil
}

// oneLine joins the lines of Helm's errors, of YAML's and of joined ones, since cf
// shows a description within a table.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	var line strings.Builder
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		part = strings.Join(strings.Fields(part), " ")
		switch {
		case part == "":
			continue
		case line.Len() > 0 && strings.ContainsRune(".,:;!?", rune(line.String()[line.Len()-1])):
			line.WriteString(" ")
		case line.Len() > 0:
			line.WriteString("; ")
		}
		line.WriteString(part)
	}
	return line.String()
}
