package record

import (
	"errors"
	"strings"
)

// DamagedError is a record that can't be read: somebody has edited it, or
// another version of the broker has written it.
type DamagedError struct {
	// Secret is the name of the one that holds the record.
	Secret string
	// Reason never quotes the record, which holds secrets.
	Reason string
}

func (e *DamagedError) Error() string { return "the record in Secret " + e.Secret + " " + e.Reason }

// damagedList is ErrDamaged with all the records that were left out of a list.
type damagedList []*DamagedError

func (l damagedList) Error() string {
	reasons := make([]string, len(l))
	for n, e := range l {
		reasons[n] = e.Error()
	}
	return ErrDamaged.Error() + ": " + strings.Join(reasons, "\n")
}

func (l damagedList) Unwrap() error { return ErrDamaged }

// Damaged returns the records that err says can't be read; none if it says
// something else.
func Damaged(err error) []*DamagedError {
	var all damagedList
	if errors.As(err, &all) {
		return all
	}
	return nil
}
